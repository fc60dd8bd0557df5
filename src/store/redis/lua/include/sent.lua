-- The PIN was handed to a carrier, if it is still there and was not before.
--@include time
local function mark_sent(pin)
  local key = root .. 'p:' .. pin
  local row = redis.call('HMGET', key, 'created', 'sent')
  if row[1] and not row[2] then redis.call('HSET', key, 'sent', now_text) end
end
