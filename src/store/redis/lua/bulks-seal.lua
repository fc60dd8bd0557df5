-- Releases a draft: from here on it is accepted. ARGV: 2 name, 3 its order. Returns 1 (2: reports are to be pushed, which
-- `messages-settle` does), or 0: it is not there any more.
--@include repeat
--@include bulks
local name = ARGV[2]
local bulk = root .. 'mb:' .. name
local hold, order, open = unpack(redis.call('HMGET', bulk, 'hold', 'order', 'open'))
if hold ~= 'loading' or order ~= ARGV[3] .. '000000' then return 0 end
redis.call('HDEL', bulk, 'hold')
redis.call('ZREM', root .. 'mo', name)
each_lane(name, function(lane) lane_refresh(name, lane, 0) end)
if open == '0' then redis.call('ZADD', root .. 'mf', now, name) end
if redis.call('EXISTS', root .. 'mp:' .. name) == 0 then return finish(1) end
redis.call('ZADD', root .. 'mz', order, name)
return finish(2)
