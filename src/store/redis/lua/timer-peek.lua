-- Timers of a shard that are due, oldest first. ARGV: 2 how many at most. Returns id and when, one after the other.
--@flags no-writes
--@include time
return redis.call('ZRANGEBYSCORE', root .. 't', '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
