-- Takes a document out of a catalog (put-document). ARGV: 2 name of the catalog, 3 id. Returns 1, or 0 when there was none.
--@include repeat
return finish(redis.call('HDEL', root .. ARGV[2], ARGV[3]))
