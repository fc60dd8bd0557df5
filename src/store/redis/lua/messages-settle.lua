-- Ends what needs no carrier: what has expired, and the unsent rest of canceled bulks; pushes reports that are owed. ARGV: 2 how many
-- at most. Returns how many messages it ended.
--@include repeat
--@include messages
local limit, ended = tonumber(ARGV[2]), 0

local function push_owed(name)
  for _ = 1, limit do
    local ref = redis.call('LPOP', root .. 'mp:' .. name)
    if not ref then return end
    local m = message_load(ref)
    local push = m and batch_of(m).push
    if push then message_push(ref, push) end
  end
end

-- Whether nothing of it is left to be cancelled.
local function cancel_rest(name)
  for lane = 0, tonumber(redis.call('HGET', root .. 'mb:' .. name, 'lanes')) - 1 do
    for _, member in ipairs(redis.call('ZRANGE', root .. 'md:' .. lane .. ':' .. name, 0, limit - ended)) do
      if ended >= limit then return false end
      message_finish(message_load(message_ref(member)), CANCELLED)
      ended = ended + 1
    end
  end
  return true
end

for _, member in ipairs(redis.call('ZRANGEBYSCORE', root .. 'me', '-inf', now, 'LIMIT', 0, limit)) do
  local m = message_load(message_ref(member))
  if m then
    message_finish(m, m.st == 'sent' and NO_REPORT or EXPIRED)
    ended = ended + 1
  else
    redis.call('ZREM', root .. 'me', member)
  end
end
for _, name in ipairs(redis.call('ZRANGE', root .. 'mz', 0, 3)) do
  if ended >= limit then break end
  push_owed(name)
  local bulk = root .. 'mb:' .. name
  local hold = redis.call('HGET', bulk, 'hold')
  local over = true
  if hold == 'canceling' then
    over = cancel_rest(name)
    if over then redis.call('HSET', bulk, 'hold', 'canceled') end
  end
  if over and redis.call('EXISTS', root .. 'mp:' .. name) == 0 then redis.call('ZREM', root .. 'mz', name) end
end
lanes_settle()
if ended > 0 then finish(ended) end
return ended
