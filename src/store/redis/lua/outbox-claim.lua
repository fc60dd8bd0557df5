-- Leases what is due, oldest first. ARGV: 2 limit, 3 lease in ms, 4… types (none: all).
-- Returns the events (include/outbox.lua).
--@include outbox-lease
--@include outbox-due
for _, due in ipairs(outbox_due({ unpack(ARGV, 4) }, tonumber(ARGV[2]))) do
  outbox_lease(due[3], due[4], due[2], tonumber(ARGV[3]), 1)
end
if outbox_leased[1] then finish(outbox_leased) end
return outbox_answer(outbox_leased)
