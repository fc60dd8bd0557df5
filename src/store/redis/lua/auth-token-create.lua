-- Of one kind a user keeps the newest. ARGV: 2 kind, 3 hash, 4 username, 5 lifetime in ms, 6 how many to keep.
-- Returns 1, or 0 without such a user; an error where the hash is taken.
--@include repeat
--@include auth
local kind, hash, username, lifetime, keep = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('EXISTS', root .. 'au:' .. username) == 0 then return finish(0) end
if redis.call('EXISTS', root .. 'at:' .. hash) == 1 then return redis.error_reply('TAKEN a token of this hash') end
local all = root .. 'av:' .. kind .. ':' .. username
redis.call('HSET', root .. 'at:' .. hash, 'k', kind, 'u', username, 'l', lifetime, 'x', now + lifetime, 'o', micros)
redis.call('ZADD', root .. 'ax', now + lifetime, hash)
redis.call('ZADD', all, 0, micros .. hash)
for _, member in ipairs(redis.call('ZRANGE', all, 0, -1 - keep)) do
  auth_end_token(string.sub(member, AUTH_ORDER_DIGITS + 1))
end
return finish(1)
