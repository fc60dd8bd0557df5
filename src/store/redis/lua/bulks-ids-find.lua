-- ARGV: 2 channel, 3… messageIds of this shard. Returns the ref of each, '' where there is none.
--@flags no-writes
--@include time
local refs = {}
for i = 3, #ARGV do refs[#refs + 1] = redis.call('GET', root .. 'mi:' .. ARGV[2] .. ':' .. ARGV[i]) or '' end
return refs
