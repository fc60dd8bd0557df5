-- All users (include/auth.lua), oldest first.
--@flags no-writes
--@include auth
local users = {}
for _, member in ipairs(redis.call('ZRANGE', root .. 'ap', 0, -1)) do
  users[#users + 1] = auth_user(string.sub(member, AUTH_ORDER_DIGITS + 1))
end
return users
