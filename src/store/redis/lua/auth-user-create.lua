-- ARGV: 2 name, 3 hash of the password, 4 scopes (JSON). Returns when it was created, or 0: the name is taken.
--@include repeat
--@include auth
local username, password, scopes = ARGV[2], ARGV[3], ARGV[4]
if redis.call('EXISTS', root .. 'au:' .. username) == 1 then return finish(0) end
redis.call('HSET', root .. 'au:' .. username, 'p', password, 's', scopes, 'c', now, 'o', micros)
redis.call('ZADD', root .. 'ap', now, micros .. username)
return finish(now)
