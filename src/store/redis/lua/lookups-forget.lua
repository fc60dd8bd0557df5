-- Deletes the oldest. ARGV: 2 older than ms, 3 how many at most. Returns how many.
--@include repeat
--@include lookups
local old = redis.call('ZRANGEBYSCORE', root .. 'nl', '-inf', '(' .. (now - tonumber(ARGV[2])), 'LIMIT', 0, tonumber(ARGV[3]))
for _, member in ipairs(old) do
  local bulk, id = lookup_named(member)
  redis.call('HDEL', root .. 'n:' .. bulk, id)
  redis.call('HDEL', root .. 'na:' .. bulk, id)
  redis.call('ZREM', root .. 'nl', member)
end
return finish(#old)
