-- Deletes the oldest. ARGV: 2 older than ms, 3 how many at most in a shard. Returns how many.
--@include roots
--@include repeat
--@include lookups
local forgotten = 0
for _, k in ipairs(roots) do
  local r = KEYS[k]
  local old = redis.call('ZRANGEBYSCORE', r .. 'nl', '-inf', '(' .. (now - tonumber(ARGV[2])), 'LIMIT', 0, tonumber(ARGV[3]))
  for _, member in ipairs(old) do
    local bulk, id = lookup_named(member)
    redis.call('HDEL', r .. 'n:' .. bulk, id)
    redis.call('HDEL', r .. 'na:' .. bulk, id)
    redis.call('ZREM', r .. 'nl', member)
  end
  forgotten = forgotten + #old
end
return finish(forgotten)
