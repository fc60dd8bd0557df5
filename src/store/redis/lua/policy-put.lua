-- The plan of an application or template. ARGV: 2 its name, 3 the plan (JSON), '' takes it away. Returns 1.
--   policies   HASH application, blank, template or nothing → plan (JSON)
--@include repeat
if ARGV[3] == '' then
  redis.call('HDEL', root .. 'policies', ARGV[2])
else
  redis.call('HSET', root .. 'policies', ARGV[2], ARGV[3])
end
return finish(1)
