-- Forgets a key. ARGV: 2 name, 3 subject. Returns 1, or 0: it is not this subject's.
--@include repeat
--@include idempotency
if not idempotency_held(ARGV[2], ARGV[3]) then return 0 end
redis.call('DEL', root .. 'x:' .. ARGV[2])
return finish(1)
