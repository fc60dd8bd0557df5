-- Timers of the shards of KEYS that are due, oldest first. ARGV: 2 how many at most of each. Returns when and id, one after the other.
--@flags no-writes
--@include time
local due = {}
for _, each in ipairs(KEYS) do
  local rows = redis.call('ZRANGEBYSCORE', each .. 't', '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
  for i = 1, #rows, 2 do
    due[#due + 1] = rows[i + 1]
    due[#due + 1] = rows[i]
  end
end
return due
