-- Moves a call up its lattice. Its carrier's id, while none is known, and the saved dialogue are taken in any state.
-- ARGV: 2 ref, 3 the state's place in the lattice (4: ended), 4 =carrier's id or '', 5 report (JSON) or '', 6 when it was answered by
--   that report or '', 7 =dialogue or '', 8 events, 9 step of its message or '', 10.. timers to cancel, timers to arm
-- Returns {applied (1, 0), fields before, fields changed}; no such call: {0}. Repeated: {applied, fields, {}}.
--@include done
--@include record
--@include sent
--@include timers
--@include outbox
--@include messages-step
local key = root .. 'd:' .. ARGV[2]
local fields = redis.call('HGETALL', key)
local before = as_table(fields)
if not before.created then return { 0 } end
local earlier = done_before(before.ops)
if earlier then return { tonumber(earlier), fields, {} } end

local state = tonumber(before.state or 0)
local to = tonumber(ARGV[3])
local applied = to > state
local changes = { 'updated', now_text }
local function change(field, value)
  changes[#changes + 1] = field
  changes[#changes + 1] = value
end
local carrier = before.carrier
if not carrier and ARGV[4] ~= '' then
  carrier = string.sub(ARGV[4], 2)
  change('carrier', carrier)
end
if ARGV[7] ~= '' and string.sub(ARGV[7], 2) ~= before.dialog then change('dialog', string.sub(ARGV[7], 2)) end
if applied then
  state = to
  change('state', to)
  if ARGV[5] ~= '' then change('report', ARGV[5]) end
  local answered = to == 3 and now_text or ARGV[6]
  if not before.answered and answered ~= '' then change('answered', answered) end
end
if #changes == 2 then return { 0, fields, {} } end

-- Ended without the carrier ever naming the call: it was never handed over.
if before.pin ~= '' and not before.sent and (carrier or (state > 0 and state < 4)) then
  mark_sent(before.pin)
  change('sent', 1)
end
change('ops', with_done(before.ops, applied and 1 or 0))
redis.call('HSET', key, unpack(changes))
if carrier and not before.carrier then
  local name = string.match(before.info, '"carrier":"([^"]*)"')
  redis.call('SET', root .. 'dq:' .. name .. ':' .. carrier, ARGV[2], 'PX', KNOWN_MS)
end
if applied then
  arm_timers(cancel_timers(10))
  outbox_emit(ARGV[8])
  if ARGV[9] ~= '' then
    message_step(root, ARGV[9])
    lanes_settle()
  end
end
return { applied and 1 or 0, fields, changes }
