-- All keys (include/auth.lua), oldest first.
--@flags no-writes
--@include auth
local keys = {}
for _, member in ipairs(redis.call('ZRANGE', root .. 'al', 0, -1)) do
  keys[#keys + 1] = auth_key(string.sub(member, AUTH_ORDER_DIGITS + 1))
end
return keys
