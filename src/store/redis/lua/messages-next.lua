-- KEYS: roots. ARGV: 2… channels. Returns ms until there is something to claim, to lease anew or to settle (0: now); nil: nothing waits.
--@flags no-writes
--@include time
local earliest
local function look(key)
  local at = tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
  if at and (not earliest or at < earliest) then earliest = at end
end
for _, r in ipairs(KEYS) do
  if redis.call('EXISTS', r .. 'mz') == 1 then return 0 end
  look(r .. 'mt')
  look(r .. 'me')
  for i = 2, #ARGV do look(r .. 'my:' .. ARGV[i]) end
end
return earliest and math.max(0, earliest - now)
