-- What brings a PIN, or a call with a message of a bulk: two texts, since most of it never changes.
--   id:<ref>, ig:<ref>   of a call (domain/types.ts Delivery), of a text or mail (domain/pin-message.ts), a line each: pin, created, op (the
--     call that made it), words (<day>:<digest>, see words.lua, or ''), the rest (JSON). It begins with this alone. One that was made with its PIN has the
--     PIN's instant, and no lines of its own
--   d:<ref>, g:<ref>     from the first change on, a line each: state (place in its lattice), pin, created, updated, tries (dials), answered,
--     sent (1: the PIN was marked), token (hash), op, ops, report (JSON), dialog (JSON of the text), carrier (its id, to the end)
--@include texts
--@include words
-- Of what is ours the quicker class; others' words may hold any character but a line's end.
local BEARER_LINES = '^(%C*)\n(%C*)\n(%C*)\n(%C*)\n(%C*)\n(%C*)\n(%C*)\n(%C*)\n(%C*)\n(%C*)\n([^\n]*)\n([^\n]*)\n()'

-- Its lines, from either text; nil: there is none.
local function bearer_lines(kind, ref)
  local text = text_get(root .. kind .. ':' .. ref)
  if text then return text end
  local info = text_get(root .. 'i' .. kind .. ':' .. ref)
  if not info then return nil end
  local pin, created, made = string.match(info, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n')
  if created == '' then created = string.match(text_get(root .. 'p:' .. pin) or '', '^[^\n]*\n[^\n]*\n(%d*)') or now_text end
  return '0\n' .. pin .. '\n' .. created .. '\n' .. created .. '\n1\n\n\n\n' .. made .. '\n\n\n\n'
end

-- The same of one that was made with the PIN `pin`, as the caller knows it ('': it does not), and that perhaps nothing has changed yet: there is no need
-- of its words then.
local function young_bearer_lines(kind, ref, pin)
  if pin == '' then return bearer_lines(kind, ref) end
  local text = text_get(root .. kind .. ':' .. ref)
  if text then return text end
  local pin_text = text_get(root .. 'p:' .. pin)
  -- Another that brings it made it, or others came after this one.
  if not pin_text or string.sub(pin_text, -36) ~= '\n' .. kind .. ':' .. ref .. ' ' then return bearer_lines(kind, ref) end
  -- Behind the application, whose length is known, and the destination.
  local created = string.match(pin_text, '^[^\n]*\n(%d*)', 34)
  return '0\n' .. pin .. '\n' .. created .. '\n' .. created .. '\n1\n\n\n\n\n\n\n\n'
end

-- The second text, with its words.
local function bearer_info(kind, ref)
  local info = text_get(root .. 'i' .. kind .. ':' .. ref)
  return info and with_words(info)
end

-- A table of these, and the lines; nil: there is none. Scripts that run often take the lines apart themselves.
local function bearer_read(kind, ref)
  local text = bearer_lines(kind, ref)
  if not text then return nil end
  local b = {}
  b.state, b.pin, b.created, b.updated, b.tries, b.answered, b.sent, b.token, b.op, b.ops, b.report, b.dialog, b.carrier =
    string.match(text, BEARER_LINES)
  b.carrier = string.sub(text, b.carrier)
  return b, text
end

-- Writes it, and returns what it wrote.
local function bearer_write(kind, ref, b)
  local text = table.concat({ b.state, b.pin, b.created, b.updated, b.tries, b.answered, b.sent, b.token, b.op, b.ops, b.report, b.dialog,
    b.carrier }, '\n')
  text_put(root .. kind .. ':' .. ref, text)
  return text
end
