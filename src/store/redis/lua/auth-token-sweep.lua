-- Deletes tokens that are over. ARGV: 2 how many at most. Returns how many.
--@include repeat
--@include auth
local ended = 0
for _, hash in ipairs(redis.call('ZRANGEBYSCORE', root .. 'ax', '-inf', now, 'LIMIT', 0, tonumber(ARGV[2]))) do
  ended = ended + auth_end_token(hash)
end
return finish(ended)
