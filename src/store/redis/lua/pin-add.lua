-- A further delivery of a PIN that is alive, counted against both send limits.
-- ARGV: 2 pinId, 3 application (as the caller has it), 4 kind of bearer (d, g), 5 its ref, 6 the bearer (JSON), 7..10 attempts and
--   ms per application and per number, 11 1 where the application's limit is counted here or '', 12 events, 13.. timers
-- Returns {created, now, the PIN}, {limited, application|number, ms}, {dead}, {taken}, {elsewhere, application}: ask again with the
--   PIN's application. A repeated call: `again` as the last.
--@include done
--@include pin
--@include bearer
--@include sends
--@include timers
--@include outbox-emit
local first = redis.call('GET', KEYS[2])
if first then return cmsgpack.unpack(first) end
local id, application, kind, ref = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local there = bearer_read(kind, ref)
if there then
  return there.op == op and { 'created', there.created, redis.call('GET', root .. 'p:' .. id), 'again' } or { 'taken' }
end
local pin = pin_read(id)
-- Whatever ended a PIN erased its seed, expiry alone waits for the sweep.
if not pin or pin.seed == '' or tonumber(pin.expires) <= now then return finish({ 'dead' }) end
if pin.app ~= application then return { 'elsewhere', pin.app } end
local refusal = admit_send(id, application, root .. 'n:' .. pin.to, ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11] == '1')
if refusal then return finish(refusal) end

pin.by = pin.by .. kind .. ':' .. ref .. ' '
local written = pin_write(id, pin)
insert_bearer(kind, ref, id, ARGV[6], op)
outbox_emit(ARGV[12])
arm_timers(13)
return { 'created', now_text, written }
