-- ARGV: 2 name, 3 send time. Returns as `bulks-switch`.
--@include repeat
--@include bulks
local name = ARGV[2]
local bulk = bulk_read(name)
if not bulk then return { 'unknown' } end
if bulk_status(bulk) ~= 'PAUSED' then return { 'refused', bulk_answer(bulk) } end
redis.call('HSET', root .. 'mb:' .. name, 'send', ARGV[3])
each_lane(name, function(lane) redis.call('HSET', root .. 'ml:' .. name, 's' .. lane, ARGV[3]) end)
return finish({ 'changed', bulk_answer(bulk_read(name)) })
