-- Takes events out of the outbox, logs what they mean to customers, and emits pushes, in one write over the shards of KEYS.
-- ARGV, from 2 on, for each shard: index of its root in KEYS, sources (JSON), events ([id, type, application, pinId, data, at], JSON),
--   pushes (include/outbox.lua). Returns 1.
--@include repeat
--@include outbox
--@include events
local logged = 0

local function log(r, id, kind, application, pin, data, at)
  local key = r .. 'l:' .. id
  if redis.call('EXISTS', key) == 1 then return end
  logged = logged + 1
  local order = micros .. string.format('%06d', logged)
  redis.call('HSET', key, 'y', kind, 'a', application, 'p', pin, 'd', data, 't', at, 'c', now_text, 'o', order)
  for _, index in ipairs(logged_indices(r, application, pin)) do redis.call('ZADD', index, at, order .. id) end
  redis.call('ZADD', r .. 'ls', now_text, id)
end

for i = 2, #ARGV, 4 do
  local r = KEYS[tonumber(ARGV[i])]
  for _, id in ipairs(cjson.decode(ARGV[i + 1])) do outbox_remove(r, id) end
  for _, event in ipairs(cjson.decode(ARGV[i + 2])) do log(r, unpack(event)) end
  if ARGV[i + 3] ~= '' then
    for _, event in ipairs(cjson.decode(ARGV[i + 3])) do outbox_put(r, unpack(event)) end
  end
end
return finish(1)
