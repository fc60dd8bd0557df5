-- ARGV: 2 name of the catalog, 3 id. Returns <place>|<JSON>, or nil.
--@flags no-writes
--@include time
return redis.call('HGET', root .. ARGV[2], ARGV[3])
