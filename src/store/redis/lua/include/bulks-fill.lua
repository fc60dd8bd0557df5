-- Writing a draft.
--@include bulks
-- `batches`: [index, JSON for the adapter, JSON for scripts] each. `messages`: [place in the bulk, ref, messageId, number, batch, lane,
-- rejection (JSON) or ''] each.
local function bulk_fill(name, order, batches, messages)
  local bulk, channel = root .. 'mb:' .. name, channel_of(name)
  for _, batch in ipairs(batches) do
    redis.call('HSET', root .. 'mk:' .. name, batch[1], batch[2], 's' .. batch[1], batch[3])
  end
  local created = tonumber(redis.call('HGET', bulk, 'created'))
  local unsent, lanes = 0, {}
  for _, message in ipairs(messages) do
    local place, ref, id, to, batch_index, lane, rejection = unpack(message)
    local m = { ref = ref, b = name, l = string.format('%d', lane), k = string.format('%d', batch_index) }
    local batch = batch_of(root, m)
    m.o = order .. string.format('%06d', place)
    if not lanes[lane] then
      local send, slot = unpack(redis.call('HMGET', root .. 'ml:' .. name, 's' .. m.l, 'p' .. m.l))
      lanes[lane] = { tonumber(send), slot ~= '' }
    end
    local row, member = root .. 'm:' .. ref, message_member(m)
    if rejection ~= '' then
      redis.call('HSET', row, 'b', name, 'l', lane, 'k', batch_index, 'o', m.o, 'id', id, 'to', to, 'st', 'done', 'n', 0,
        'due', created, 'oc', rejection, 'c', created, 'd', created, 'g', created)
      redis.call('ZADD', root .. 'mr:' .. channel, created, member)
      if batch.push then redis.call('RPUSH', root .. 'mp:' .. name, ref) end
    else
      local send, paced = unpack(lanes[lane])
      redis.call('HSET', row, 'b', name, 'l', lane, 'k', batch_index, 'o', m.o, 'id', id, 'to', to, 'st', 'scheduled', 'n', 0,
        'due', created, 'oc', PENDING, 'c', created, 'g', created)
      redis.call('ZADD', due_of(root, m), created, member)
      if batch.validity and not paced then
        local expires = math.max(send, created) + batch.validity
        redis.call('HSET', row, 'x', expires)
        redis.call('ZADD', root .. 'me', expires, member)
      end
      unsent = unsent + 1
    end
    redis.call('ZADD', root .. 'mg:' .. channel, created, member)
    redis.call('RPUSH', root .. 'mx:' .. name, ref)
  end
  redis.call('HINCRBY', bulk, 'total', #messages)
  redis.call('HINCRBY', bulk, 'accepted', unsent)
  redis.call('HINCRBY', bulk, 'unsent', unsent)
  redis.call('HINCRBY', bulk, 'open', unsent)
  redis.call('ZADD', root .. 'mo', now + DRAFT_MS, name)
end
