-- What `messages-claim` would find. KEYS: roots. ARGV: 2 channel, 3 how many at most. Returns since when something waits, and how
-- many messages; nothing where none do.
--@flags no-writes
--@include lanes
local keys, count, limit = {}, 0, tonumber(ARGV[3])
for k = 1, #KEYS do keys[k] = k end
local ready = lanes_ready(keys, ARGV[2], 64)
for _, each in ipairs(ready) do
  if count >= limit then break end
  local due = redis.call('ZCOUNT', each[3] .. 'md:' .. each[4] .. ':' .. each[5], '-inf', now)
  local room = lane_room(each[3], each[5], each[4])
  count = count + math.min(due, room)
end
if not ready[1] then return {} end
return { ready[1][1], math.min(count, limit) }
