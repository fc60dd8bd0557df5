-- A new record of what brings something: see bearer.lua.
--@include time

-- Writes what brings a PIN (`kind` d or g) or, for a call with an empty `pin`, a message of a bulk. `op`: the call that makes it, where a
-- repeated one finds it by that. With `writes`: adds to these arguments of an MSET instead.
local function insert_bearer(kind, ref, pin, info, op, writes)
  local text = '0\n' .. pin .. '\n' .. now_text .. '\n' .. now_text .. '\n1\n\n\n\n' .. (op or '') .. '\n\n\n\n'
  if not writes then
    redis.call('MSET', root .. kind .. ':' .. ref, text, root .. kind .. 'i:' .. ref, info)
    return
  end
  local n = #writes
  writes[n + 1], writes[n + 2] = root .. kind .. ':' .. ref, text
  writes[n + 3], writes[n + 4] = root .. kind .. 'i:' .. ref, info
end
