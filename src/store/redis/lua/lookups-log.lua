-- A page of the log, newest first. KEYS: roots. ARGV: 2 and 3 cursor (include/pages.lua), 4 how many.
-- Returns score, member, lookup (include/lookups.lua; '' where it is gone) of each, one after the other.
--@flags no-writes
--@include pages
--@include lookups
local page = {}
for _, entry in ipairs(page_of('nl', true, ARGV[2], ARGV[3], tonumber(ARGV[4]))) do
  page[#page + 1] = entry[1]
  page[#page + 1] = entry[2]
  page[#page + 1] = lookup_read(KEYS[entry[3]], lookup_named(entry[2])) or ''
end
return page
