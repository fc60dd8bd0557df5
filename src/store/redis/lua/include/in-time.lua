-- Nothing happens for a client that has given up, unless it happened before.
--@include time
if late and redis.call('EXISTS', KEYS[2]) == 0 then
  return redis.error_reply('LATE ' .. now_text)
end
