-- Ends what needs no carrier: what has expired, and the unsent rest of canceled bulks; pushes reports that are owed. ARGV: 2 how many
-- at most. Returns how many messages it ended.
--@include roots
--@include repeat
--@include messages
local limit, ended = tonumber(ARGV[2]), 0

local function push_owed(r, name)
  for _ = 1, limit do
    local ref = redis.call('LPOP', r .. 'mp:' .. name)
    if not ref then return end
    local m = message_load(r, ref)
    local push = m and batch_of(r, m).push
    if push then message_push(r, ref, push) end
  end
end

-- Whether nothing of it is left to be cancelled.
local function cancel_rest(r, name)
  for lane = 0, tonumber(redis.call('HGET', r .. 'mb:' .. name, 'lanes')) - 1 do
    for _, member in ipairs(redis.call('ZRANGE', r .. 'md:' .. lane .. ':' .. name, 0, limit - ended)) do
      if ended >= limit then return false end
      message_finish(r, message_load(r, message_ref(member)), CANCELLED)
      ended = ended + 1
    end
  end
  return true
end

for _, k in ipairs(roots) do
  local r = KEYS[k]
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', r .. 'me', '-inf', now, 'LIMIT', 0, math.max(0, limit - ended))) do
    local m = message_load(r, message_ref(member))
    if m then
      message_finish(r, m, m.st == 'sent' and NO_REPORT or EXPIRED)
      ended = ended + 1
    else
      redis.call('ZREM', r .. 'me', member)
    end
  end
end
for _, k in ipairs(roots) do
  local r = KEYS[k]
  for _, name in ipairs(redis.call('ZRANGE', r .. 'mz', 0, 3)) do
    if ended >= limit then break end
    push_owed(r, name)
    local bulk = r .. 'mb:' .. name
    local hold = redis.call('HGET', bulk, 'hold')
    local over = true
    if hold == 'canceling' then
      over = cancel_rest(r, name)
      if over then redis.call('HSET', bulk, 'hold', 'canceled') end
    end
    if over and redis.call('EXISTS', r .. 'mp:' .. name) == 0 then redis.call('ZREM', r .. 'mz', name) end
  end
end
lanes_settle()
if ended > 0 then finish(ended) end
return ended
