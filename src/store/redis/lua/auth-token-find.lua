-- ARGV: 2 kind, 3 hash. Returns its user (include/auth.lua) and how many ms of it are left, nil when it is unknown or over.
--@flags no-writes
--@include auth
local ends = auth_token_end(ARGV[2], ARGV[3])
if not ends then return nil end
local username, lifetime = unpack(redis.call('HMGET', root .. 'at:' .. ARGV[3], 'u', 'l'))
return { auth_user(username), ends - now, lifetime }
