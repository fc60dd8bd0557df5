-- A new record of what brings something: see bearer.lua.
--@include time
--@include texts

-- Writes what brings a PIN (`kind` d or g) or, for a call with an empty `pin`, a message of a bulk. `made`: the call that makes it, where a
-- repeated one finds it by that.
local function insert_bearer(kind, ref, pin, info, made)
  text_put(root .. 'i' .. kind .. ':' .. ref, pin .. '\n' .. now_text .. '\n' .. (made or '') .. '\n\n' .. info)
end
