-- ms until a timer of the shards of KEYS can be claimed; nil without any.
--@flags no-writes
--@include time
local earliest
for _, each in ipairs(KEYS) do
  local at = tonumber(redis.call('ZRANGE', each .. 't', 0, 0, 'WITHSCORES')[2])
  if at and (not earliest or at < earliest) then earliest = at end
end
return earliest and math.max(0, earliest - now)
