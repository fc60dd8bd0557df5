-- Erases the seeds of expired PINs of a shard. ARGV: 2 how many at most. Returns {PINs looked at, seeds erased}.
--@flags allow-oom
--@include repeat
--@include pin
local rows = redis.call('ZRANGEBYSCORE', root .. 'seeds', '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local erased = 0
for n = 1, #rows, 2 do
  local pin = pin_read(rows[n])
  if pin and pin.seed ~= '' then
    pin.seed = ''
    pin_write(rows[n], pin)
    erased = erased + 1
  end
  redis.call('ZREM', root .. 'seeds', rows[n])
  redis.call('ZADD', root .. 'expired', rows[n + 1], rows[n])
end
if #rows == 0 then return { 0, 0 } end
return finish({ #rows / 2, erased })
