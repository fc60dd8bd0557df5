-- Moves a PIN's text or mail up. ARGV: 2 ref, 3 the state's place (2: ended), 4 =carrier's id or '', 5 report (JSON) or '', 6 events,
--   7.. timers to cancel, timers to arm
-- Returns {applied (1, 0), fields before, fields changed}; no such message: {0}. Repeated: {applied, fields, {}}.
--@include done
--@include record
--@include sent
--@include timers
--@include outbox-emit
local key = root .. 'g:' .. ARGV[2]
local fields = redis.call('HGETALL', key)
local before = as_table(fields)
if not before.created then return { 0 } end
local earlier = done_before(before.ops)
if earlier then return { tonumber(earlier), fields, {} } end

local to = tonumber(ARGV[3])
local applied = to > tonumber(before.state or 0)
local changes = { 'updated', now_text }
local function change(field, value)
  changes[#changes + 1] = field
  changes[#changes + 1] = value
end
if not before.carrier and ARGV[4] ~= '' then
  change('carrier', string.sub(ARGV[4], 2))
  mark_sent(before.pin)
end
if applied then
  change('state', to)
  if ARGV[5] ~= '' then change('report', ARGV[5]) end
end
if #changes == 2 then return { 0, fields, {} } end
change('ops', with_done(before.ops, applied and 1 or 0))
redis.call('HSET', key, unpack(changes))
if applied then
  arm_timers(cancel_timers(7))
  outbox_emit(ARGV[6])
end
return { applied and 1 or 0, fields, changes }
