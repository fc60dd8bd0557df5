-- A call's step up its lattice: see delivery-step.lua. `step_message`, where there is one, is what it means for its message.
--@include done
--@include record
--@include sent
--@include timers
--@include outbox-emit
local CALL_KNOWN_MS = 7 * 86400000
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
  redis.call('SET', root .. 'dq:' .. name .. ':' .. carrier, ARGV[2], 'PX', CALL_KNOWN_MS)
end
if applied then
  arm_timers(cancel_timers(10))
  outbox_emit(ARGV[8])
  if step_message then step_message() end
end
return { applied and 1 or 0, fields, changes }
