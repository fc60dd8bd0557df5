-- What `messages-stale` would find. ARGV: 2 how many at most. Returns member and when, one after the other.
--@flags no-writes
--@include time
return redis.call('ZRANGEBYSCORE', root .. 'mt', '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
