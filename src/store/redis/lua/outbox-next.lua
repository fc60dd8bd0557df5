-- ARGV: 2… types. Returns ms until an event of these can be claimed (0: now), nil without any.
--@flags no-writes
--@include time
local earliest
for i = 2, #ARGV do
  local at = tonumber(redis.call('ZRANGE', root .. 'eh:' .. ARGV[i], 0, 0, 'WITHSCORES')[2])
  if at and (not earliest or at < earliest) then earliest = at end
end
return earliest and math.max(0, earliest - now)
