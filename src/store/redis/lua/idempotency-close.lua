-- Keeps the answer. ARGV: 2 name, 3 subject, 4 status, 5 body. Returns 1, or 0: it is not this subject's.
--@include repeat
--@include idempotency
if not idempotency_held(ARGV[2], ARGV[3]) then return 0 end
redis.call('HSET', root .. 'x:' .. ARGV[2], 't', ARGV[4], 'b', ARGV[5])
return finish(1)
