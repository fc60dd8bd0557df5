-- Leases events to the caller. A repeated call gets the events of the first one, as they are now.
--@include once
--@include outbox
local outbox_leased = {}

local function outbox_answer(ids)
  local events = {}
  for _, id in ipairs(ids) do events[#events + 1] = outbox_read(id) end
  return events
end
if first then return outbox_answer(cmsgpack.unpack(first)) end

-- Takes others of its batch along: fixed at the first try, so that the body of a push is the same over all tries.
local function outbox_join(kind, target, batch, leader, size)
  local waiting = outbox_batch(kind, target, batch)
  local followers = {}
  -- A few more than asked for: what was put back before its first try is not due.
  for _, member in ipairs(redis.call('ZRANGE', waiting, 0, size + 32)) do
    if #followers == size - 1 then break end
    local at = redis.call('ZSCORE', outbox_queue(kind, target), member)
    if at and tonumber(at) <= now then
      local id = string.sub(member, ORDER_DIGITS + 1)
      redis.call('ZREM', outbox_queue(kind, target), member)
      redis.call('ZREM', waiting, member)
      redis.call('HSET', root .. 'e:' .. id, 'l', leader, 'n', 1)
      followers[#followers + 1] = id
    end
  end
  if followers[1] then redis.call('HSET', root .. 'e:' .. leader, 'f', cmsgpack.pack(followers)) end
end

-- `size`: how many may travel as one.
local function outbox_lease(kind, target, member, lease_ms, size)
  local id = string.sub(member, ORDER_DIGITS + 1)
  local key = root .. 'e:' .. id
  local batch = redis.call('HGET', key, 'b')
  if redis.call('HINCRBY', key, 'n', 1) == 1 and batch then
    redis.call('ZREM', outbox_batch(kind, target, batch), member)
    if size > 1 then outbox_join(kind, target, batch, id, size) end
  end
  redis.call('ZADD', outbox_queue(kind, target), now + lease_ms, member)
  outbox_head(kind, target)
  outbox_leased[#outbox_leased + 1] = id
end
