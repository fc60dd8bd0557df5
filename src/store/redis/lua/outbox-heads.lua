-- Targets of a type that something is due for. ARGV: 2 type.
-- Returns target, when its oldest was due, one after the other; of very many those that wait longest.
--@flags no-writes
--@include time
local AT_ONCE = 1000
return redis.call('ZRANGEBYSCORE', root .. 'eh:' .. ARGV[2], '-inf', now, 'WITHSCORES', 'LIMIT', 0, AT_ONCE)
