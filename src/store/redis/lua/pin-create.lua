-- A PIN with what brings it, under both send limits, with timers and events.
-- ARGV: 2 pinId, 3 application, 4 to, 5 the rest of it (JSON), 6 seed (base64), 7 expires in ms, 8 attempts allowed,
--   9 many uses (1, 0), 10 supersede (1, 0), 11 kind of bearer (d, g), 12 its ref, 13 the bearer (JSON),
--   14..17 attempts and ms per application and per number, 18 events, 19 20 its plan and first turn (include/plan-runs.lua) or '',
--   21.. timers
-- Returns {created, now}, {limited, application|number, ms}, {taken}; a repeated call `again` as the last.
--   p:<pinId>   HASH info, app, to, seed, created, expires, allowed, used, comparisons, multiple, state, verified (first),
--               last_verified, sent, order (of the indices), by (d:<ref> or g:<ref> and a space for each of what brought it, oldest first);
--               op: the call that made it, ops: those that tried it
--   seeds       ZSET pinId by expiry, until the sweep has erased the seed; then in `expired`, until it is deleted
--@include done
--@include sends
--@include timers
--@include outbox-emit
--@include plan-runs
--@include verifications
if first then return cmsgpack.unpack(first) end

local id, application, to = ARGV[2], ARGV[3], ARGV[4]
local key = root .. 'p:' .. id
local kind, ref = ARGV[11], ARGV[12]
local there = redis.call('HMGET', key, 'created', 'op')
if there[1] then return there[2] == op and { 'created', there[1], 'again' } or { 'taken' } end
if redis.call('EXISTS', root .. kind .. ':' .. ref) == 1 then return { 'taken' } end
local refusal = admit_send(application, to, ARGV[14], ARGV[15], ARGV[16], ARGV[17])
if refusal then return finish(refusal) end

local index = root .. 'i:' .. to
if ARGV[10] == '1' then
  for _, earlier in ipairs(redis.call('LRANGE', index, 0, -1)) do
    local other = root .. 'p:' .. earlier
    local row = redis.call('HMGET', other, 'seed', 'expires', 'app', 'verified')
    if row[1] and row[3] == application and tonumber(row[2]) > now then
      redis.call('HSET', other, 'state', 'superseded')
      redis.call('HDEL', other, 'seed')
      if not row[4] and redis.call('EXISTS', root .. 'r:' .. earlier) == 1 then superseded_event(earlier, application, to) end
    end
  end
end
local expires = string.format('%.0f', now + ARGV[7])
redis.call('HSET', key, 'info', ARGV[5], 'app', application, 'to', to, 'seed', ARGV[6], 'created', now_text,
  'expires', expires, 'allowed', ARGV[8], 'multiple', ARGV[9], 'by', kind .. ':' .. ref .. ' ', 'order', micros, 'op', op)
redis.call('RPUSH', index, id)
redis.call('ZADD', root .. 'v', now_text, micros .. id)
redis.call('ZADD', root .. 'va:' .. application, now_text, micros .. id)
redis.call('ZADD', root .. 'seeds', expires, id)
insert_bearer(kind, ref, id, ARGV[13])
if ARGV[19] ~= '' then run_insert(id, ref) end
outbox_emit(ARGV[18])
arm_timers(21)
return { 'created', now_text }
