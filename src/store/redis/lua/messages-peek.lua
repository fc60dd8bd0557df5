-- What `messages-claim` would find. ARGV: 2 channel, 3 how many at most. Returns since when something waits, and how many messages;
-- nothing where none do.
--@flags no-writes
--@include lanes
local ready = lanes_ready(ARGV[2], 64)
local count, limit = 0, tonumber(ARGV[3])
for i = 1, #ready, 2 do
  if count >= limit then break end
  local lane, name = lane_named(ready[i])
  local due = redis.call('ZCOUNT', root .. 'md:' .. lane .. ':' .. name, '-inf', now)
  local room = lane_room(name, lane)
  count = count + math.min(due, room)
end
if not ready[1] then return {} end
return { ready[2], math.min(count, limit) }
