-- All documents of a catalog in all shards of KEYS, in no order. ARGV: 2 name of the catalog. Returns <place>|<JSON> of each.
--@flags no-writes
--@include time
local all = {}
for _, each in ipairs(KEYS) do
  for _, document in ipairs(redis.call('HVALS', each .. ARGV[2])) do all[#all + 1] = document end
end
return all
