-- Removes a leased timer; one that was armed again meanwhile has yet to fire, and stays. ARGV: 2 id.
-- Returns how many.
--@flags allow-oom
--@include repeat
local key = root .. 'tb:' .. ARGV[2]
local body = redis.call('GET', key)
if not body or string.byte(body) ~= 49 then return 0 end
redis.call('ZREM', root .. 't', ARGV[2])
redis.call('DEL', key)
return finish(1)
