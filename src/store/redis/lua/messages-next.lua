-- ARGV: 2… channels. Returns ms until there is something to claim, to lease anew or to settle (0: now); nil: nothing waits.
--@flags no-writes
--@include time
local earliest
local function look(key)
  local at = tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
  if at and (not earliest or at < earliest) then earliest = at end
end
if redis.call('EXISTS', root .. 'mz') == 1 then return 0 end
look(root .. 'mt')
look(root .. 'me')
for i = 2, #ARGV do look(root .. 'my:' .. ARGV[i]) end
return earliest and math.max(0, earliest - now)
