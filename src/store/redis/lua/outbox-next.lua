-- KEYS: roots. ARGV: 2… types. Returns ms until an event of these can be claimed (0: now), nil without any.
--@flags no-writes
--@include time
local earliest
for _, r in ipairs(KEYS) do
  for i = 2, #ARGV do
    local head = redis.call('ZRANGE', r .. 'eh:' .. ARGV[i], 0, 0, 'WITHSCORES')
    local at = head[2] and tonumber(head[2])
    if at and (not earliest or at < earliest) then earliest = at end
  end
end
return earliest and math.max(0, earliest - now)
