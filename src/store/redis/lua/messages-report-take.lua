-- Hands reports out, each once. ARGV: 2 channel, 3… refs. Returns those that nobody took before.
--@include repeat
--@include messages
local taken = {}
for i = 3, #ARGV do
  local m = message_load(ARGV[i])
  if m and redis.call('ZREM', root .. 'mr:' .. ARGV[2], message_member(m)) == 1 then
    redis.call('HSET', root .. 'm:' .. ARGV[i], 'rp', 1)
    taken[#taken + 1] = ARGV[i]
  end
end
if taken[1] then finish(taken) end
return taken
