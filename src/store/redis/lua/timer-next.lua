-- ms until a timer of a shard can be claimed; nil without any.
--@flags no-writes
--@include time
local at = redis.call('ZRANGE', root .. 't', 0, 0, 'WITHSCORES')[2]
return at and math.max(0, at - now)
