-- All or nothing. ARGV: 2 bulkId, 3 for how many ms they are kept, 4 events (include/outbox.lua), 5 lookups: JSON of
-- [messageId, number, answer or ''] each. Returns 1, or 0 where one is there already.
--@include repeat
--@include lookups
--@include outbox
local bulk, keep = ARGV[2], tonumber(ARGV[3]) + 60000
local rows, answers = root .. 'n:' .. bulk, root .. 'na:' .. bulk
local lookups = cjson.decode(ARGV[5])
for _, lookup in ipairs(lookups) do
  if redis.call('HEXISTS', rows, lookup[1]) == 1 then return finish(0) end
end
local place = redis.call('HLEN', rows)
for i, lookup in ipairs(lookups) do
  local id, to, answer = unpack(lookup)
  redis.call('HSET', rows, id, cjson.encode({ to, now, place + i }))
  if answer ~= '' then redis.call('HSET', answers, id, cjson.encode({ now, unpack(answer) })) end
  redis.call('ZADD', root .. 'nl', now, lookup_member(micros .. string.format('%06d', i), bulk, id))
end
for _, key in ipairs({ rows, answers, root .. 'nl' }) do redis.call('PEXPIRE', key, keep) end
outbox_emit(ARGV[4])
return finish(1)
