-- ARGV: 2… messageIds of this shard. Returns the bulkId of each, '' where nobody knows it.
--@flags no-writes
--@include lookups
local holders = {}
for i = 2, #ARGV do
  holders[#holders + 1] = string.match(redis.call('GET', root .. 'ni:' .. ARGV[i]) or '', '^%d+ (.*)$') or ''
end
return holders
