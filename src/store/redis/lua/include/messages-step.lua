-- The lattice of a message (message-store.ts MessageStep).
--@include messages
local FURTHER = { enroute = 1, ['waiting-delivery'] = 2, ['delivered-to-operator'] = 3 }

-- A second word on a text that is with the carrier: further on its way, or the carrier's id of it.
local function message_news(m, outcome, carrier_id)
  local further = (FURTHER[kind_of(outcome)] or 0) > (FURTHER[kind_of(m.oc)] or 0)
  return further or (carrier_id ~= '' and not m.ci)
end

local function message_fits(m, tries, to, outcome, carrier_id)
  if tries ~= '' and tries ~= tonumber(m.n) then return false end
  if m.st == 'sending' then return true end
  if m.st == 'sent' then return to ~= 'sent' or message_news(m, outcome, carrier_id) end
  return m.st == 'scheduled' and to == 'done'
end

local OPS_KEPT = 3
-- Whether this opId moved it: the message remembers the last ones itself.
local function message_moved(m, op) return m.op and string.find(' ' .. m.op .. ' ', ' ' .. op .. ' ', 1, true) end

-- `packed`: JSON of [ref, tries, to, outcome (JSON), due in ms, 1 for a refund, carrier, its id, expires in ms, voice (JSON)], ''
-- for what is absent; `op`: the opId to be remembered, or nil. Returns whether it was applied, and the message, nil without one.
local function message_step(packed, op)
  local ref, tries, to, outcome, due_in, refund, carrier, carrier_id, expires_in, voice = unpack(cjson.decode(packed))
  local m = message_load(ref)
  if not m then return false end
  if op and message_moved(m, op) then return true, m end
  if not message_fits(m, tries, to, outcome, carrier_id) then return false, m end
  local next = {
    st = to,
    oc = outcome,
    ca = carrier ~= '' and carrier or nil,
    ci = carrier_id ~= '' and carrier_id or nil,
    v = voice ~= '' and voice or nil,
  }
  if op then
    local ops = {}
    for known in string.gmatch((m.op or '') .. ' ' .. op, '%S+') do ops[#ops + 1] = known end
    next.op = table.concat(ops, ' ', math.max(1, #ops - OPS_KEPT + 1))
  end
  if to == 'scheduled' then
    local due = now + (due_in == '' and 0 or due_in)
    local over = m.x and due >= tonumber(m.x)
    local hold = redis.call('HGET', root .. 'mb:' .. m.b, 'hold')
    if over or hold == 'canceling' or hold == 'canceled' then
      next.st = 'done'
      if refund == 1 then next.oc = over and EXPIRED or CANCELLED end
    else
      next.oc = PENDING
      next.due = due
      next.w = tonumber(m.w or 0) + refund
    end
  elseif to == 'done' then
    if kind_of(outcome) ~= 'rejected' then next.s = m.s or now_text end
  else
    next.s = m.s or now_text
    if not m.x and expires_in ~= '' then next.x = now + expires_in end
  end
  message_write(m, next)
  return true, m
end
