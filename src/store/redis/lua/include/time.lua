-- The store's time, `now` in ms: the server's, never a client's. ARGV[1] is `=<ms>` under test, else the time (of the server)
-- after which the client has given up: what comes later, because the server hung or a command was sent again, must change
-- nothing. `micros` only puts things that were added in their order.
local now, micros
do
  local time = redis.call('TIME')
  micros = string.format('%d', time[1] * 1000000 + time[2])
  now = time[1] * 1000 + math.floor(time[2] / 1000)
  if string.byte(ARGV[1]) == 61 then now = tonumber(string.sub(ARGV[1], 2)) end
end
local root = KEYS[1]
