-- The call's one media token from now on. ARGV: 2 ref, 3 hash. Returns 1, or 0 when there is no such call.
--@include repeat
local key = root .. 'd:' .. ARGV[2]
if redis.call('EXISTS', key) == 0 then return 0 end
redis.call('HSET', key, 'token', ARGV[3])
return finish(1)
