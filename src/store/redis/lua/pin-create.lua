-- A PIN with what brings it, under both send limits, with timers and events.
-- ARGV: 2 pinId, 3 application, 4 to, 5 the rest of it (JSON), 6 its lines from `allowed` to `seed` (include/pin.lua), 7 expires in ms,
--   8 supersede (1, 0), 9 kind of bearer (d, g), 10 its ref, 11 the bearer (JSON), 12..15 attempts and ms per application and per
--   number, 16 events, 17 18 its plan and first turn (include/plan-runs.lua) or '', 19.. timers
-- Returns {created, now}, {limited, application|number, ms}, {taken}; a repeated call `again` as the last.
--   seeds       ZSET pinId by expiry, until the sweep has erased the seed; then in `expired`, until it is deleted
--@include done
--@include pin
--@include number
--@include sends
--@include timers
--@include outbox-emit
--@include plan-runs
local id, application, to, kind, ref = ARGV[2], ARGV[3], ARGV[4], ARGV[9], ARGV[10]
local key = root .. 'p:' .. id
local found = redis.call('MGET', KEYS[2], key, root .. kind .. ':' .. ref, root .. 'wn:' .. application .. ':' .. to)
if found[1] then return cmsgpack.unpack(found[1]) end
if found[2] then
  local pin = pin_read(id)
  return pin.op == op and { 'created', pin.created, 'again' } or { 'taken' }
end
if found[3] then return { 'taken' } end
local refusal = admit_send(application, to, ARGV[12], ARGV[13], ARGV[14], ARGV[15], 0, found[4])
if refusal then return finish(refusal) end

if ARGV[8] == '1' then
  for _, earlier in ipairs(pins_of(to)) do
    local other = pin_read(earlier)
    if other and other.seed ~= '' and other.app == application and tonumber(other.expires) > now then
      other.state, other.seed = 'superseded', ''
      pin_write(earlier, other)
      if other.verified == '' and redis.call('EXISTS', root .. 'r:' .. earlier) == 1 then
        superseded_event(earlier, application, to)
      end
    end
  end
end
local expires = string.format('%.0f', now + ARGV[7])
local writes = { key, application .. '\n' .. to .. '\n' .. now_text .. '\n' .. expires .. '\n' .. ARGV[6] .. '\n' .. micros .. '\n' .. op ..
  '\n' .. kind .. ':' .. ref .. ' \n\n' .. ARGV[5] }
insert_bearer(kind, ref, id, ARGV[11], nil, writes)
arm_timers(19, writes)
redis.call('MSET', unpack(writes))
redis.call('APPEND', root .. 'i:' .. to, id .. '\n')
local member = micros .. id
redis.call('ZADD', root .. 'v', now_text, member)
redis.call('ZADD', root .. 'va:' .. application, now_text, member)
redis.call('ZADD', root .. 'seeds', expires, id)
if ARGV[17] ~= '' then run_insert(id, ref, ARGV[17], ARGV[18]) end
outbox_emit(ARGV[16])
return { 'created', now_text }
