-- The documents of a catalog in a shard, in no order. ARGV: 2 name of the catalog. Returns <place>|<JSON> of each.
--@flags no-writes
--@include time
return redis.call('HVALS', root .. ARGV[2])
