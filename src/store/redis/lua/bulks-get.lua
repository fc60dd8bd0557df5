-- ARGV: 2 name. Returns the bulk (include/bulks.lua bulk_answer), or nil.
--@flags no-writes
--@include bulks
local bulk = bulk_read(ARGV[2])
return bulk and bulk_answer(bulk) or nil
