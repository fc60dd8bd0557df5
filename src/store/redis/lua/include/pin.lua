-- A PIN: one text.
--   p:<pinId>    a line each: app, to, created, expires, order (in the indices), allowed, used, state, multiple (1, 0), verified (first), last
--     (verified), sent, ops (the calls that tried it), seed (base64), info (JSON of what never changes), by (d:<ref> or g:<ref> and a blank for each of what
--     brought it, oldest first). Lines may be empty, and stand for what is not there (yet).
--@include texts
local PIN_LINES = '^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$'

-- A table of these, and the text; nil: there is no such PIN. Scripts that run often take the lines apart themselves.
local function pin_read(id)
  local text = text_get(root .. 'p:' .. id)
  if not text then return nil end
  local p = {}
  p.app, p.to, p.created, p.expires, p.order, p.allowed, p.used, p.state, p.multiple, p.verified, p.last, p.sent, p.ops, p.seed, p.info,
    p.by = string.match(text, PIN_LINES)
  return p, text
end

-- Writes it, and returns what it wrote.
local function pin_write(id, p)
  local text = table.concat({ p.app, p.to, p.created, p.expires, p.order, p.allowed, p.used, p.state, p.multiple, p.verified, p.last, p.sent, p.ops,
    p.seed, p.info, p.by }, '\n')
  text_put(root .. 'p:' .. id, text)
  return text
end
