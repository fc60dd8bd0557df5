-- A write that means nothing, for readiness. Returns 1.
--@include repeat
redis.call('SET', root .. 'touched', now)
return finish(1)
