-- Notes when a key was last used, or revoked: for good. ARGV: 2 id, 3 'u' or 'r'. Returns the key (include/auth.lua), nil without one.
--@include once
--@include auth
local key = root .. 'ak:' .. ARGV[2]
if not first and redis.call('EXISTS', key) == 1 then
  redis.call(ARGV[3] == 'r' and 'HSETNX' or 'HSET', key, ARGV[3], now)
  finish(1)
end
return auth_key(ARGV[2]) or nil
