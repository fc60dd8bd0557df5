-- The PIN was handed to a carrier, if it is still there and was not before.
--@include time
--@include texts
local BEFORE_SENT = '^(%C*\n[^\n]*\n%C*\n%C*\n%C*\n%C*\n%C*\n%C*\n%C*\n%C*\n%C*\n)(%C*)()'
local function mark_sent(pin)
  local key = root .. 'p:' .. pin
  local text = text_get(key)
  if not text then return end
  local before, sent, after = string.match(text, BEFORE_SENT)
  if sent == '' then text_put(key, before .. now_text .. string.sub(text, after)) end
end
