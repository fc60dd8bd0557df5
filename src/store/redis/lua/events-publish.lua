-- Takes events out of the outbox, logs what they mean to customers, and emits pushes, in one write.
-- ARGV: 2 sources (JSON), 3 events ([id, type, application, pinId, data, at], JSON), 4 pushes (include/outbox.lua). Returns 1.
--@include repeat
--@include outbox
--@include events
local logged = 0

local function log(id, kind, application, pin, data, at)
  local key = root .. 'l:' .. id
  if redis.call('EXISTS', key) == 1 then return end
  logged = logged + 1
  local order = micros .. string.format('%06d', logged)
  redis.call('HSET', key, 'y', kind, 'a', application, 'p', pin, 'd', data, 't', at, 'c', now_text, 'o', order)
  for _, index in ipairs(logged_indices(application, pin)) do redis.call('ZADD', index, at, order .. id) end
  redis.call('ZADD', root .. 'ls', now_text, id)
end

for _, id in ipairs(cjson.decode(ARGV[2])) do outbox_remove(id) end
for _, event in ipairs(cjson.decode(ARGV[3])) do log(unpack(event)) end
outbox_emit(ARGV[4])
return finish(1)
