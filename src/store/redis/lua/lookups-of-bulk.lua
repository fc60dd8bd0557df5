-- ARGV: 2 bulkId, 3… messageIds (none: all of it). Returns those that are there (include/lookups.lua), in no order.
--@flags no-writes
--@include lookups
local ids = {}
for i = 3, #ARGV do ids[#ids + 1] = ARGV[i] end
local found = {}
for _, id in ipairs(#ids > 0 and ids or redis.call('HKEYS', root .. 'n:' .. ARGV[2])) do
  found[#found + 1] = lookup_read(ARGV[2], id)
end
return found
