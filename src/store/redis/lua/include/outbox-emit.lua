-- Writing events: all that scripts need that tell of something else (outbox.lua has the layout). What a script declares it pays for with
-- each run.
--@include time
local ORDER_DIGITS = 22
local outbox_written
--@each
outbox_written = 0
--@end

local function outbox_queue(kind, target) return root .. 'eq:' .. kind .. '\n' .. target end
local function outbox_batch(kind, target, batch) return root .. 'eb:' .. kind .. '\n' .. target .. '\n' .. batch end

-- Writes an event; an id that is there stays as it is. `batch` may be '', `data` is JSON.
local function outbox_put(id, kind, target, batch, data)
  local key = root .. 'e:' .. id
  if redis.call('EXISTS', key) == 1 then return end
  outbox_written = outbox_written + 1
  local order = micros .. string.format('%06d', outbox_written)
  if batch == '' then
    redis.call('HSET', key, 'y', kind, 'g', target, 'd', data, 'c', now, 'n', 0, 'o', order)
  else
    redis.call('HSET', key, 'y', kind, 'g', target, 'd', data, 'c', now, 'n', 0, 'o', order, 'b', batch)
    redis.call('ZADD', outbox_batch(kind, target, batch), 0, order .. id)
  end
  redis.call('ZADD', outbox_queue(kind, target), now, order .. id)
  if redis.call('ZADD', root .. 'eh:' .. kind, 'LT', now, target) == 1 then redis.call('SADD', root .. 'et', kind) end
end

-- Writes events: JSON of [id, type, target, batch or '', data as JSON] each, '' for none.
local function outbox_emit(packed)
  if packed == '' then return end
  for _, event in ipairs(cjson.decode(packed)) do outbox_put(unpack(event)) end
end
