-- A page of the log, newest first. ARGV: 2 and 3 cursor (include/pages.lua), 4 how many.
-- Returns score, member, lookup (include/lookups.lua; '' where it is gone) of each, one after the other.
--@flags no-writes
--@include pages
--@include lookups
local found, page = page_of('nl', true, ARGV[2], ARGV[3], tonumber(ARGV[4])), {}
for i = 1, #found, 2 do
  page[#page + 1] = found[i + 1]
  page[#page + 1] = found[i]
  page[#page + 1] = lookup_read(lookup_named(found[i])) or ''
end
return page
