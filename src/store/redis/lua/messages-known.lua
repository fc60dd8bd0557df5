-- Whether a carrier's id is on record. ARGV: 2 m for a text, d for a call, 3 carrier, 4 its id. Returns 1 or 0.
--@flags no-writes
--@include time
return redis.call('EXISTS', root .. ARGV[2] .. 'q:' .. ARGV[3] .. ':' .. ARGV[4])
