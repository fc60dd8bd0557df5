-- Puts an event back. ARGV: 2 id, 3 in how many ms. Returns 1, or 0 when it is gone or travels with another.
--@include roots
--@include repeat
--@include outbox
local moved = 0
for _, k in ipairs(roots) do
  local r = KEYS[k]
  local kind, target, order, leader = unpack(redis.call('HMGET', r .. 'e:' .. ARGV[2], 'y', 'g', 'o', 'l'))
  if kind and not leader then
    redis.call('ZADD', outbox_queue(r, kind, target), now + tonumber(ARGV[3]), order .. ARGV[2])
    outbox_head(r, kind, target)
    moved = 1
  end
end
return finish(moved)
