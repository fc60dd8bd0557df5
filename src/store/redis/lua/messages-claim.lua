-- Write-ahead of sending: messages of a channel that may go out now become `sending`, with one more try; what their window keeps is
-- put off, what has expired ends. ARGV: 2 channel, 3 how many at most, 4 lease in ms.
-- Returns them (include/messages-read.lua).
--@include once
--@include lanes
--@include delivery-window
--@include messages-read
-- Lanes that one claim looks into, and rows that it puts off, at most: a script stays a few ms long.
local LANES_AT_ONCE, PUT_OFF_AT_ONCE = 64, 256
if first then return messages_answer(cmsgpack.unpack(first)) end

local limit, lease_end = tonumber(ARGV[3]), now + tonumber(ARGV[4])
local lease_text = string.format('%d', lease_end)
local claimed, rows = {}, {}

local function claim_one(m, expires)
  local member = message_member(m)
  message_unlist(m)
  redis.call('ZADD', root .. 'mt', lease_text, member)
  m.st, m.n, m.cl = 'sending', string.format('%d', m.n + 1), now_text
  if expires then
    m.x = string.format('%d', expires)
    redis.call('HSET', root .. 'm:' .. m.ref, 'st', m.st, 'n', m.n, 'cl', m.cl, 'x', m.x)
  else
    redis.call('HSET', root .. 'm:' .. m.ref, 'st', m.st, 'n', m.n, 'cl', m.cl)
  end
  claimed[#claimed + 1] = m.ref
  rows[#rows + 1] = message_row(m)
end

local ready = lanes_ready(ARGV[2], LANES_AT_ONCE)
for i = 1, #ready, 2 do
  if #claimed >= limit then break end
  local lane, name = lane_named(ready[i])
  local room, slot_ms, first_slot = lane_room(name, lane)
  local wanted = math.min(limit - #claimed, room, PUT_OFF_AT_ONCE)
  local taken = 0
  local due = redis.call('ZRANGEBYSCORE', root .. 'md:' .. lane .. ':' .. name, '-inf', now, 'LIMIT', 0, wanted)
  for _, member in ipairs(due) do
    local m = message_load(message_ref(member))
    local batch = batch_of(m)
    local opens = batch.days and next_allowed(batch.days, batch.from, batch.to, now) or now
    if m.x and tonumber(m.x) <= now then
      message_finish(m, EXPIRED)
    elseif opens > now then
      redis.call('HSET', root .. 'm:' .. m.ref, 'due', opens)
      redis.call('ZADD', due_of(m), opens, member)
    else
      -- At a limited speed validity begins here: waiting for a slot is no fault of the message.
      claim_one(m, not m.x and batch.validity and now + batch.validity)
      taken = taken + 1
    end
  end
  if taken > 0 then
    if slot_ms then redis.call('HSET', root .. 'ml:' .. name, 'n' .. lane, first_slot + taken * slot_ms) end
    redis.call('HSET', root .. 'mb:' .. name, 'started', 1)
  end
  lane_touch({ l = lane, b = name }, now)
end
lanes_settle()
if claimed[1] then finish(claimed) end
return { rows, read_batches }
