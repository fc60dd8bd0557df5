-- Leases what is due, oldest first. ARGV: 2 limit, 3 lease in ms, 4… types (none: all).
-- Returns { index of the shard's root in KEYS, event (include/outbox.lua) } each.
--@include roots
--@include outbox-lease
--@include outbox-due
local kinds = {}
for i = 4, #ARGV do kinds[#kinds + 1] = ARGV[i] end
for _, due in ipairs(outbox_due(roots, kinds, tonumber(ARGV[2]))) do
  outbox_lease(due[3], due[4], due[5], due[2], tonumber(ARGV[3]), 1)
end
if outbox_leased[1] then finish(outbox_leased) end
return outbox_answer(outbox_leased)
