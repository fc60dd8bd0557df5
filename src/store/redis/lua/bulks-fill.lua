-- More of a draft. ARGV: 2 name, 3 its order, 4 batches, 5 messages (include/bulks-fill.lua). Returns 1, or 0: it is not there any more.
--@include repeat
--@include bulks-fill
local hold, order = unpack(redis.call('HMGET', root .. 'mb:' .. ARGV[2], 'hold', 'order'))
if hold ~= 'loading' or order ~= ARGV[3] .. '000000' then return 0 end
bulk_fill(ARGV[2], ARGV[3], cjson.decode(ARGV[4]), cjson.decode(ARGV[5]))
return finish(1)
