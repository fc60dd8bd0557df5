-- The store's time, `now` in ms: the server's, never a client's. ARGV[1] is `=<microseconds>` under test, else the time (of the server)
-- after which the client has given up: what comes later, because the server hung or a command was sent again, must change
-- nothing. `now_text` is for commands, which would turn a number into text more slowly. `micros` only puts things that were
-- added in their order.
local root, micros, now_text, now, late
--@each
root = KEYS[1]
if string.byte(ARGV[1]) == 61 then
  micros = string.sub(ARGV[1], 2)
else
  local time = redis.call('TIME')
  micros = time[1] .. string.sub('00000' .. time[2], -6)
end
now_text = string.sub(micros, 1, -4)
now = tonumber(now_text)
-- Whether the client has given up.
late = ARGV[1] ~= '' and string.byte(ARGV[1]) ~= 61 and now > tonumber(ARGV[1])
--@end
