-- A PIN: two texts, since what takes most room is seldom needed. Lines may be empty, and stand for what is not there (yet).
--   p:<pinId>    a line each: app, to, created, expires, allowed, used, state, multiple (1, 0), verified (first), last (verified), sent, ops (the calls
--     that tried it), and what an attempt need not read: seed (1: it is there), order (in the indices), op (the call that made it), by (d:<ref> or
--     g:<ref> and a blank for each of what brought it, oldest first)
--   pi:<pinId>   seed (base64), and the rest, which never changes (JSON)
--@include texts
local PIN_LINES = '^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$'

-- A table of these, and the text; nil: there is no such PIN. Scripts that run often take the lines apart themselves.
local function pin_read(id)
  local text = text_get(root .. 'p:' .. id)
  if not text then return nil end
  local p = {}
  p.app, p.to, p.created, p.expires, p.allowed, p.used, p.state, p.multiple, p.verified, p.last, p.sent, p.ops, p.seed, p.order, p.op,
    p.by = string.match(text, PIN_LINES)
  return p, text
end

-- Writes it, and returns what it wrote.
local function pin_write(id, p)
  local text = table.concat({ p.app, p.to, p.created, p.expires, p.allowed, p.used, p.state, p.multiple, p.verified, p.last, p.sent, p.ops,
    p.seed, p.order, p.op, p.by }, '\n')
  text_put(root .. 'p:' .. id, text)
  return text
end

-- Its seed is needed no more. The caller takes it out of the first text.
local function erase_seed_of(id)
  local key = root .. 'pi:' .. id
  local text = text_get(key)
  if text then text_put(key, string.sub(text, (string.find(text, '\n', 1, true)))) end
end

-- Both texts, as callers take them; `text` is the first.
local function pin_whole(id, text) return text .. '\n' .. (text_get(root .. 'pi:' .. id) or '\n') end
