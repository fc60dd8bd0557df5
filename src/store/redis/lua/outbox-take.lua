-- Leases the oldest due event of each target, with up to `batch` of its kind. ARGV: 2 lease in ms, 3 batch, 4 type, 5… targets.
-- Returns as `outbox-claim`, in the order of the targets.
--@include roots
--@include outbox-lease
local kind = ARGV[4]
for i = 5, #ARGV do
  local target = ARGV[i]
  local best
  for _, k in ipairs(roots) do
    local head = redis.call('ZRANGE', outbox_queue(KEYS[k], kind, target), 0, 0, 'WITHSCORES')
    local at = head[2] and tonumber(head[2])
    if at and at <= now and (not best or at < best[1]) then best = { at, k, head[1] } end
  end
  if best then outbox_lease(best[2], kind, target, best[3], tonumber(ARGV[2]), tonumber(ARGV[3])) end
end
if outbox_leased[1] then finish(outbox_leased) end
return outbox_answer(outbox_leased)
