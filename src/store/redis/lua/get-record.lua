-- A record. ARGV: 2 what it is, with its id. Returns its fields.
--@flags no-writes
--@include time
return redis.call('HGETALL', root .. ARGV[2])
