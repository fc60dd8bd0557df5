-- The outbox of a shard: events on their way to customers (sqlite/outbox.ts has the rules).
--   e:<id>                         HASH y type, g target, b batch, d data (JSON), c created, n tries, o order,
--                                  f followers (packed ids), l the leader that takes it along
--   eq:<type> <target>             ZSET order+id by when it can be claimed; a follower is in none
--   eh:<type>                      ZSET target by the earliest of its queue
--   et                             SET of types
--   eb:<type> <target> <batch>     ZSET order+id of what was not yet tried, all with score 0: in their order
--@include outbox-emit
-- After a change of a queue: when its target is next.
local function outbox_head(kind, target)
  local head = redis.call('ZRANGE', outbox_queue(kind, target), 0, 0, 'WITHSCORES')
  if head[2] then
    redis.call('ZADD', root .. 'eh:' .. kind, head[2], target)
  else
    redis.call('ZREM', root .. 'eh:' .. kind, target)
  end
end

-- Deletes an event with its followers. Returns how many.
local function outbox_remove(id)
  local key = root .. 'e:' .. id
  local kind, target, batch, order, followers = unpack(redis.call('HMGET', key, 'y', 'g', 'b', 'o', 'f'))
  if not kind then return 0 end
  local removed = 1
  for _, follower in ipairs(followers and cmsgpack.unpack(followers) or {}) do
    removed = removed + redis.call('DEL', root .. 'e:' .. follower)
  end
  redis.call('DEL', key)
  if batch then redis.call('ZREM', outbox_batch(kind, target, batch), order .. id) end
  if redis.call('ZREM', outbox_queue(kind, target), order .. id) == 1 then outbox_head(kind, target) end
  return removed
end

-- An event as the adapter reads it: id, type, target, batch or '', data, created, tries, order, followers.
local function outbox_read(id)
  local kind, target, batch, data, created, tries, order, followers =
    unpack(redis.call('HMGET', root .. 'e:' .. id, 'y', 'g', 'b', 'd', 'c', 'n', 'o', 'f'))
  if not kind then return nil end
  local more = {}
  for _, follower in ipairs(followers and cmsgpack.unpack(followers) or {}) do
    more[#more + 1] = outbox_read(follower)
  end
  return { id, kind, target, batch or '', data, created, tries, order, more }
end
