-- The next turn of a plan, whole (plan-store.ts advanceRun).
-- ARGV: 2 pinId, 3 turn expected, 4 turn (include/plan-runs.lua), 5 kind of bearer (d, g) or '', 6 its ref, 7 the bearer (JSON), 8 events,
--   9 ms for which the application's limit refuses, as far as was seen before, or '' for no limits, 10 application, 11..14 attempts and ms per
--   application and per number, 15 1 where the application's limit is counted here or '', 16.. timers to cancel, timers to arm
-- Returns {created, now, the PIN, the plan, ref of the turn before}, {stale, the plan}, {dead}, {limited, application|number, ms}, {taken},
--   {elsewhere, application}: ask again with the PIN's application. What was done before comes with what it started, both of its texts, and
--   `again` as the last, or `by another` call.
--@include done
--@include pin
--@include bearer
--@include sends
--@include timers
--@include outbox-emit
--@include plan-advance
--@include verifications
local id, kind, ref = ARGV[2], ARGV[5], ARGV[6]
local key, run = root .. 'p:' .. id, root .. 'r:' .. id

local function again(turn, word)
  local started = {}
  if kind ~= '' then started = { bearer_lines(kind, ref), bearer_info(kind, ref) } end
  return { 'created', now_text, redis.call('GET', key), redis.call('HGETALL', run), run_live(id, turn - 1), started, word }
end
local first = redis.call('GET', KEYS[2])
if first then
  local result = cmsgpack.unpack(first)
  if result[1] == 'stale' then return { 'stale', redis.call('HGETALL', run) } end
  return result[1] == 'created' and again(result[2], 'again') or result
end

local pin, last = pin_read(id), tonumber(redis.call('HGET', run, 'turn') or 0)
if not pin or last == 0 then return { 'dead' } end
local known = kind ~= '' and bearer_read(kind, ref)
if known then
  if known.pin ~= id then return { 'taken' } end
  return again(run_turn_of(id, ref, last), known.op == op and 'again' or 'by another')
end
if not pin_pending(pin) then return finish({ 'dead' }) end
if last ~= tonumber(ARGV[3]) then
  finish({ 'stale' })
  return { 'stale', redis.call('HGETALL', run) }
end
if ARGV[9] ~= '' then
  if pin.app ~= ARGV[10] then return { 'elsewhere', pin.app } end
  local refusal = admit_send(id, pin.app, root .. 'n:' .. pin.to, ARGV[11], ARGV[12], ARGV[13], ARGV[14], ARGV[15] == '1', tonumber(ARGV[9]))
  if refusal then return finish(refusal) end
end

redis.call('HSET', run, 'turn', last + 1, 't' .. last + 1, now_text .. '|' .. ref .. '|' .. ARGV[4])
if kind == '' then
  -- Nothing else will tell that this call was here.
  finish({ 'created', last + 1 })
else
  pin.by = pin.by .. kind .. ':' .. ref .. ' '
  insert_bearer(kind, ref, id, ARGV[7], op)
end
local written = pin_write(id, pin)
arm_timers(cancel_timers(16))
outbox_emit(ARGV[8])
return { 'created', now_text, written, redis.call('HGETALL', run), run_live(id, last) }
