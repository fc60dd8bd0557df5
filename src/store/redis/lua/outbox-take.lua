-- Leases the oldest due event of each target, with up to `batch` of its kind. ARGV: 2 lease in ms, 3 batch, 4 type, 5… targets.
-- Returns as `outbox-claim`, in the order of the targets.
--@include outbox-lease
local kind = ARGV[4]
for i = 5, #ARGV do
  local member, at = unpack(redis.call('ZRANGE', outbox_queue(kind, ARGV[i]), 0, 0, 'WITHSCORES'))
  if at and tonumber(at) <= now then outbox_lease(kind, ARGV[i], member, tonumber(ARGV[2]), tonumber(ARGV[3])) end
end
if outbox_leased[1] then finish(outbox_leased) end
return outbox_answer(outbox_leased)
