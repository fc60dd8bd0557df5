-- What `messages-stale` would find. KEYS: roots. ARGV: 2 how many at most. Returns when, member of each, one after the other.
--@flags no-writes
--@include time
local stale = {}
for _, r in ipairs(KEYS) do
  local found = redis.call('ZRANGEBYSCORE', r .. 'mt', '-inf', now, 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[2]))
  for i = 1, #found, 2 do
    stale[#stale + 1] = found[i + 1]
    stale[#stale + 1] = found[i]
  end
end
return stale
