-- A media token, in the shard of its hash. It opens the call only while the call names it too (token-name).
-- ARGV: 2 hash, 3 ref of the call, 4 expires in ms. Returns 1.
--   k:<hash>   <expires>|<ref>
--@include repeat
redis.call('SET', root .. 'k:' .. ARGV[2], (now + ARGV[4]) .. '|' .. ARGV[3], 'PX', ARGV[4] + 60000)
return finish(1)
