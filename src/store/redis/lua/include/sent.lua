-- The PIN was handed to a carrier, if it is still there and was not before.
--@include time
local function mark_sent(pin)
  local key = root .. 'p:' .. pin
  local text = redis.call('GET', key)
  if not text then return end
  local before, sent, after = string.match(text, '^([^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n)([^\n]*)(.*)$')
  if sent == '' then redis.call('SET', key, before .. now_text .. after) end
end
