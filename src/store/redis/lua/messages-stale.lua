-- Leases anew what was left in `sending`. ARGV: 2 how many at most, 3 lease in ms. Returns them (include/messages-read.lua).
--@include once
--@include messages-read
if first then return messages_answer(cmsgpack.unpack(first)) end
local leased = redis.call('ZRANGEBYSCORE', root .. 'mt', '-inf', now, 'LIMIT', 0, ARGV[2])
for i, member in ipairs(leased) do
  redis.call('ZADD', root .. 'mt', now + ARGV[3], member)
  leased[i] = message_ref(member)
end
if leased[1] then finish(leased) end
return messages_answer(leased)
