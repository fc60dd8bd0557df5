-- Gives back what `window-take` took, since nothing was sent. ARGV: 2 application, 3 when. Returns how many.
--@include repeat
return finish(redis.call('LREM', root .. 'wa:' .. ARGV[2], -1, ARGV[3]))
