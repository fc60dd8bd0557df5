-- ARGV: 2… names (policy-put). Returns the plan of each, nil where there is none.
--@flags no-writes
--@include time
return redis.call('HMGET', root .. 'policies', unpack(ARGV, 2))
