-- What `outbox-claim` would lease. ARGV: 2 limit, 3… types (none: all). Returns member and when, one after the other.
--@flags no-writes
--@include outbox-due
local found = {}
for _, due in ipairs(outbox_due({ unpack(ARGV, 3) }, tonumber(ARGV[2]))) do
  found[#found + 1] = due[2]
  found[#found + 1] = due[1]
end
return found
