-- What brings a PIN, or a call with a message of a bulk: two texts, since one of them never changes.
--   d:<ref>    a call (domain/types.ts Delivery), g:<ref> a text or mail (domain/pin-message.ts), a line each: state (place in its
--     lattice), pin, created, updated, tries (dials), answered, sent (1: the PIN was marked), token (hash), op (the call that made it), ops,
--     report (JSON), dialog (JSON of the text), carrier (its id, to the end)
--   di:<ref>, gi:<ref>   the rest (JSON)
local BEARER_LINES = '^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$'

-- A table of these; nil: there is none. Scripts that run often take the lines apart themselves.
local function bearer_read(kind, ref)
  local text = redis.call('GET', root .. kind .. ':' .. ref)
  if not text then return nil end
  local b = {}
  b.state, b.pin, b.created, b.updated, b.tries, b.answered, b.sent, b.token, b.op, b.ops, b.report, b.dialog, b.carrier =
    string.match(text, BEARER_LINES)
  return b, text
end

-- Writes it, and returns what it wrote.
local function bearer_write(kind, ref, b)
  local text = table.concat({ b.state, b.pin, b.created, b.updated, b.tries, b.answered, b.sent, b.token, b.op, b.ops, b.report, b.dialog,
    b.carrier }, '\n')
  redis.call('SET', root .. kind .. ':' .. ref, text)
  return text
end
