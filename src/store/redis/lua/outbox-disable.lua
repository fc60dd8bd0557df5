-- Remembers an address that wants no more. ARGV: 2 its hash, 3 for how many ms. Returns 1.
--   ed:<hash>   until when; Redis forgets it a minute later
--@include repeat
redis.call('SET', root .. 'ed:' .. ARGV[2], now + tonumber(ARGV[3]), 'PX', tonumber(ARGV[3]) + 60000)
return finish(1)
