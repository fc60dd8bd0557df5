-- With every token of the user. ARGV: 2 name. Returns the user (include/auth.lua) as it was, an empty list without one.
--@include repeat
--@include auth
local username = ARGV[2]
local user = auth_user(username)
if not user then return finish({}) end
for _, kind in ipairs({ 'session', 'bearer' }) do
  for _, member in ipairs(redis.call('ZRANGE', root .. 'av:' .. kind .. ':' .. username, 0, -1)) do
    auth_end_token(string.sub(member, AUTH_ORDER_DIGITS + 1))
  end
end
redis.call('ZREM', root .. 'ap', redis.call('HGET', root .. 'au:' .. username, 'o') .. username)
redis.call('DEL', root .. 'au:' .. username)
-- The hash of the password is kept nowhere.
user[4] = ''
return finish(user)
