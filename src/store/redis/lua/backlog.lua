-- What waits, for metrics. KEYS: roots. Returns timers, ms by which the oldest is late, events, ms since the oldest was written, messages.
-- Of very many targets or lanes the first of each type and shard count; of messages those that may be sent, not what somebody holds back.
--@flags no-writes
--@include outbox
--@include lanes
local LANES, TARGETS = 100, 100
local timers, late, events, age, messages = 0, 0, 0, 0, 0
for _, r in ipairs(KEYS) do
  timers = timers + redis.call('ZCARD', r .. 't')
  local first = redis.call('ZRANGE', r .. 't', 0, 0, 'WITHSCORES')[2]
  if first then late = math.max(late, now - first) end
  for _, kind in ipairs(redis.call('SMEMBERS', r .. 'et')) do
    for _, target in ipairs(redis.call('ZRANGE', r .. 'eh:' .. kind, 0, TARGETS - 1)) do
      local queue = outbox_queue(r, kind, target)
      events = events + redis.call('ZCARD', queue)
      local head = redis.call('ZRANGE', queue, 0, 0)[1]
      local written = head and redis.call('HGET', r .. 'e:' .. string.sub(head, ORDER_DIGITS + 1), 'c')
      if written then age = math.max(age, now - written) end
    end
  end
  for _, channel in ipairs({ 'sms', 'voice' }) do
    for _, member in ipairs(redis.call('ZRANGE', r .. 'my:' .. channel, 0, LANES - 1)) do
      local lane = string.format('%d', tonumber(string.sub(member, ORDER_DIGITS_OF_MESSAGE + 1, LANE_NAME_AT - 1)))
      messages = messages + redis.call('ZCARD', r .. 'md:' .. lane .. ':' .. string.sub(member, LANE_NAME_AT))
    end
  end
end
return { timers, late, events, age, messages }
