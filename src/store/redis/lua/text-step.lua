-- Moves a PIN's text or mail up. ARGV: 2 ref, 3 the state's place (2: ended), 4 carrier's id or '', 5 report (JSON) or '', 6 events,
--   7 1 if the caller knows what never changes of it, else '', 8.. timers to cancel, timers to arm
-- Returns {applied (1, 0), the message as it is now, the rest or ''}; no such message: {0}.
--@include done
--@include bearer
--@include sent
--@include timers
--@include outbox-emit
local key = root .. 'g:' .. ARGV[2]
local lines, rest
if ARGV[7] == '' then
  lines, rest = unpack(redis.call('MGET', key, root .. 'gi:' .. ARGV[2]))
else
  lines, rest = redis.call('GET', key), ''
end
if not lines then return { 0 } end
local state, pin, created, updated, tries, answered, sent, token, made, ops, report, dialog, carrier = string.match(lines, BEARER_LINES)
local earlier = done_before(ops)
if earlier then return { tonumber(earlier), lines, rest } end

local applied = tonumber(ARGV[3]) > tonumber(state)
local named = carrier == '' and ARGV[4] ~= ''
if not applied and not named then return { 0, lines, rest } end
if named then
  carrier = ARGV[4]
  mark_sent(pin)
end
if applied then
  state = ARGV[3]
  if ARGV[5] ~= '' then report = ARGV[5] end
end
lines = state .. '\n' .. pin .. '\n' .. created .. '\n' .. now_text .. '\n' .. tries .. '\n' .. answered .. '\n' .. sent .. '\n' .. token .. '\n' .. made ..
  '\n' .. with_done(ops, applied and 1 or 0) .. '\n' .. report .. '\n' .. dialog .. '\n' .. carrier
local writes = { key, lines }
if applied then arm_timers(cancel_timers(8), writes) end
redis.call('MSET', unpack(writes))
if applied then outbox_emit(ARGV[6]) end
return { applied and 1 or 0, lines, rest }
