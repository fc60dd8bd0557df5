-- ARGV: 2 kind, 3 hash, 4 how many ms it lasts from now. Returns 1, or 0: it ended in the meantime.
--@include repeat
--@include auth
if not auth_token_end(ARGV[2], ARGV[3]) then return 0 end
local ends = now + tonumber(ARGV[4])
redis.call('HSET', root .. 'at:' .. ARGV[3], 'x', ends)
redis.call('ZADD', root .. 'ax', ends, ARGV[3])
return finish(1)
