-- Deletes logged events of a shard. ARGV: 2 older than ms, 3 how many at most. Returns how many.
--@flags allow-oom
--@include repeat
--@include events
local old = redis.call('ZRANGEBYSCORE', root .. 'ls', '-inf', now - ARGV[2], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(old) do
  local application, pin, order = unpack(redis.call('HMGET', root .. 'l:' .. id, 'a', 'p', 'o'))
  if order then
    for _, index in ipairs(logged_indices(application, pin)) do redis.call('ZREM', index, order .. id) end
    redis.call('DEL', root .. 'l:' .. id)
  end
  redis.call('ZREM', root .. 'ls', id)
end
if not old[1] then return 0 end
return finish(#old)
