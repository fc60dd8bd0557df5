-- Inserts or replaces a document of a catalog; it keeps its place in the order of arrival.
-- ARGV: 2 name of the catalog, 3 id, 4 the document, JSON. Returns 1.
-- <root><catalog> HASH id → <place, 17 digits or more>|<JSON>
--@include repeat
local old = redis.call('HGET', root .. ARGV[2], ARGV[3])
local place = old and string.match(old, '^%d+') or micros
redis.call('HSET', root .. ARGV[2], ARGV[3], place .. '|' .. ARGV[4])
return finish(1)
