-- What `outbox-claim` would lease. KEYS: roots. ARGV: 2 limit, 3… types (none: all). Returns at, member of each, one after the other.
--@flags no-writes
--@include outbox-due
local roots, kinds, found = {}, {}, {}
for k = 1, #KEYS do roots[k] = k end
for i = 3, #ARGV do kinds[#kinds + 1] = ARGV[i] end
for _, due in ipairs(outbox_due(roots, kinds, tonumber(ARGV[2]))) do
  found[#found + 1] = due[1]
  found[#found + 1] = due[2]
end
return found
