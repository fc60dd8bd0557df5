-- A further delivery of a PIN that is alive, counted against both send limits.
-- ARGV: 2 pinId, 3 application (as the caller has it), 4 kind of bearer (d, g), 5 its ref, 6 the bearer (JSON), 7..10 attempts and
--   ms per application and per number, 11 events, 12.. timers
-- Returns {created, now, the PIN's fields}, {limited, application|number, ms}, {dead}, {taken}, {elsewhere, application}: ask
--   again with the PIN's application. A repeated call: `again` as the last.
--@include done
--@include sends
--@include timers
--@include outbox-emit
local id, application = ARGV[2], ARGV[3]
local key = root .. 'p:' .. id
if first then return cmsgpack.unpack(first) end

local kind, ref = ARGV[4], ARGV[5]
local bearer = root .. kind .. ':' .. ref
local there = redis.call('HMGET', bearer, 'created', 'op')
if there[1] then
  return there[2] == op and { 'created', there[1], redis.call('HGETALL', key), 'again' } or { 'taken' }
end
local row = redis.call('HMGET', key, 'app', 'to', 'seed', 'expires', 'by')
-- Whatever ended a PIN erased its seed, expiry alone waits for the sweep.
if not row[3] or tonumber(row[4]) <= now then return finish({ 'dead' }) end
if row[1] ~= application then return { 'elsewhere', row[1] } end
local refusal = admit_send(application, row[2], ARGV[7], ARGV[8], ARGV[9], ARGV[10])
if refusal then return finish(refusal) end

redis.call('HSET', key, 'by', row[5] .. kind .. ':' .. ref .. ' ')
insert_bearer(kind, ref, id, ARGV[6])
redis.call('HSET', bearer, 'op', op)
outbox_emit(ARGV[11])
arm_timers(12)
return { 'created', now_text, redis.call('HGETALL', key) }
