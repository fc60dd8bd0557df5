-- A call's step up its lattice: see delivery-step.lua. `step_message`, where there is one, is what it means for its message.
--@include done
--@include bearer
--@include sent
--@include timers
--@include outbox-emit
local CALL_KNOWN_MS = 7 * 86400000
local key = root .. 'd:' .. ARGV[2]
local lines, rest
if ARGV[10] == '' then
  lines, rest = unpack(redis.call('MGET', key, root .. 'di:' .. ARGV[2]))
else
  lines, rest = redis.call('GET', key), ''
end
if not lines then return { 0 } end
local state, pin, created, updated, tries, answered, sent, token, made, ops, report, dialog, carrier = string.match(lines, BEARER_LINES)
local earlier = done_before(ops)
if earlier then return { tonumber(earlier), lines, rest } end

local to = ARGV[3]
local applied = tonumber(to) > tonumber(state)
local named, said = carrier == '' and ARGV[4] ~= '', ARGV[7] ~= '' and ARGV[7] ~= dialog
if not applied and not named and not said then return { 0, lines, rest } end
if named then carrier = ARGV[4] end
if said then dialog = ARGV[7] end
if applied then
  state = to
  if ARGV[5] ~= '' then report = ARGV[5] end
  if answered == '' then answered = to == '3' and now_text or ARGV[6] end
end

-- Ended without the carrier ever naming the call: it was never handed over.
if pin ~= '' and sent == '' and (carrier ~= '' or (state ~= '0' and state ~= '4')) then
  mark_sent(pin)
  sent = '1'
end
lines = state .. '\n' .. pin .. '\n' .. created .. '\n' .. now_text .. '\n' .. tries .. '\n' .. answered .. '\n' .. sent .. '\n' .. token .. '\n' .. made ..
  '\n' .. with_done(ops, applied and 1 or 0) .. '\n' .. report .. '\n' .. dialog .. '\n' .. carrier
local writes = { key, lines }
if named then
  local name = ARGV[10] ~= '' and ARGV[10] or string.match(rest, '"carrier":"([^"]*)"')
  redis.call('SET', root .. 'dq:' .. name .. ':' .. carrier, ARGV[2], 'PX', CALL_KNOWN_MS)
end
if applied then arm_timers(cancel_timers(11), writes) end
redis.call('MSET', unpack(writes))
if applied then
  outbox_emit(ARGV[8])
  if step_message then step_message() end
end
return { applied and 1 or 0, lines, rest }
