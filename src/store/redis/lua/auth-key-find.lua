-- ARGV: 2 hash. Returns the key (include/auth.lua), nil when it is unknown or revoked.
--@flags no-writes
--@include auth
local id = redis.call('GET', root .. 'ah:' .. ARGV[2])
local key = id and auth_key(id)
return key and key[6] == '' and key or nil
