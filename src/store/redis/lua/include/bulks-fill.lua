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
  local created_text = string.format('%d', created)
  local lanes, refs, logged, reported, pushed, due, expiring = {}, {}, {}, {}, {}, {}, {}
  local function put(list, score, member)
    list[#list + 1] = score
    list[#list + 1] = member
  end
  for _, message in ipairs(messages) do
    local place, ref, id, to, batch_index, lane, rejection = unpack(message)
    local m = { ref = ref, b = name, l = string.format('%d', lane), k = string.format('%d', batch_index) }
    local batch = batch_of(m)
    m.o = order .. string.format('%06d', place)
    if not lanes[m.l] then
      local send, slot = unpack(redis.call('HMGET', root .. 'ml:' .. name, 's' .. m.l, 'p' .. m.l))
      lanes[m.l] = { send = tonumber(send), paced = slot ~= '' }
      due[m.l] = {}
    end
    local row = { 'b', name, 'l', m.l, 'k', m.k, 'o', m.o, 'id', id, 'to', to, 'n', 0, 'due', created_text, 'c', created_text,
      'g', created_text, 'st', 'scheduled', 'oc', PENDING }
    local member = message_member(m)
    if rejection ~= '' then
      row[#row - 2], row[#row] = 'done', rejection
      put(row, 'd', created_text)
      put(reported, created_text, member)
      if batch.push then pushed[#pushed + 1] = ref end
    else
      put(due[m.l], created_text, member)
      if batch.validity and not lanes[m.l].paced then
        local expires = string.format('%d', math.max(lanes[m.l].send, created) + batch.validity)
        put(row, 'x', expires)
        put(expiring, expires, member)
      end
    end
    put(logged, created_text, member)
    refs[#refs + 1] = ref
    redis.call('HSET', root .. 'm:' .. ref, unpack(row))
  end
  if logged[1] then redis.call('ZADD', root .. 'mg:' .. channel, unpack(logged)) end
  if refs[1] then redis.call('RPUSH', root .. 'mx:' .. name, unpack(refs)) end
  if reported[1] then redis.call('ZADD', root .. 'mr:' .. channel, unpack(reported)) end
  if pushed[1] then redis.call('RPUSH', root .. 'mp:' .. name, unpack(pushed)) end
  if expiring[1] then redis.call('ZADD', root .. 'me', unpack(expiring)) end
  for lane, waiting in pairs(due) do
    if waiting[1] then redis.call('ZADD', root .. 'md:' .. lane .. ':' .. name, unpack(waiting)) end
  end
  local unsent = #refs - #reported / 2
  redis.call('HINCRBY', bulk, 'total', #messages)
  redis.call('HINCRBY', bulk, 'accepted', unsent)
  redis.call('HINCRBY', bulk, 'unsent', unsent)
  redis.call('HINCRBY', bulk, 'open', unsent)
  redis.call('ZADD', root .. 'mo', now + DRAFT_MS, name)
end
