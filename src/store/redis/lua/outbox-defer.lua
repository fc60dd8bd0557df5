-- Puts an event back. ARGV: 2 id, 3 in how many ms. Returns 1, or 0 when it is gone or travels with another.
--@include repeat
--@include outbox
local kind, target, order, leader = unpack(redis.call('HMGET', root .. 'e:' .. ARGV[2], 'y', 'g', 'o', 'l'))
if not kind or leader then return finish(0) end
redis.call('ZADD', outbox_queue(kind, target), now + tonumber(ARGV[3]), order .. ARGV[2])
outbox_head(kind, target)
return finish(1)
