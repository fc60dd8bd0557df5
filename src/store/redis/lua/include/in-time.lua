-- Nothing happens for a client that has given up, unless it happened before.
--@include time
if ARGV[1] ~= '' and string.byte(ARGV[1]) ~= 61 and now > tonumber(ARGV[1]) and redis.call('EXISTS', KEYS[2]) == 0 then
  return redis.error_reply('LATE ' .. now_text)
end
