-- What waits in a shard, for metrics. Returns timers, ms by which the oldest is late, events, ms since the oldest was written, messages.
-- Of very many targets or lanes the first of each type count; of messages those that may be sent, not what somebody holds back.
--@flags no-writes
--@include outbox
--@include lanes
local LANES, TARGETS = 100, 100
local late, events, age, messages = 0, 0, 0, 0
local first = redis.call('ZRANGE', root .. 't', 0, 0, 'WITHSCORES')[2]
if first then late = math.max(0, now - first) end
for _, kind in ipairs(redis.call('SMEMBERS', root .. 'et')) do
  for _, target in ipairs(redis.call('ZRANGE', root .. 'eh:' .. kind, 0, TARGETS - 1)) do
    local queue = outbox_queue(kind, target)
    events = events + redis.call('ZCARD', queue)
    local head = redis.call('ZRANGE', queue, 0, 0)[1]
    local written = head and redis.call('HGET', root .. 'e:' .. string.sub(head, ORDER_DIGITS + 1), 'c')
    if written then age = math.max(age, now - written) end
  end
end
for _, channel in ipairs({ 'sms', 'voice' }) do
  for _, member in ipairs(redis.call('ZRANGE', root .. 'my:' .. channel, 0, LANES - 1)) do
    local lane, name = lane_named(member)
    messages = messages + redis.call('ZCARD', root .. 'md:' .. lane .. ':' .. name)
  end
end
return { redis.call('ZCARD', root .. 't'), late, events, age, messages }
