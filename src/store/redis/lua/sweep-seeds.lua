-- Erases the seeds of expired PINs of a shard. ARGV: 2 how many at most. Returns {PINs looked at, seeds erased}.
--@flags allow-oom
--@include repeat
--@include pin
local looked, erased = 0, 0
for _, ttl in ipairs(redis.call('SMEMBERS', root .. 'sl')) do
  local key, over = root .. 's:' .. ttl, 0
  for _, row in ipairs(redis.call('LRANGE', key, 0, ARGV[2] - looked - 1)) do
    local id = string.sub(row, 17)
    local pin = pin_read(id)
    -- Of one that is gone, what its place says.
    local expires = pin and pin.expires or string.format('%d', string.sub(row, 1, 13) + ttl)
    if tonumber(expires) > now then break end
    if pin and pin.seed ~= '' then
      pin.seed = ''
      pin_write(id, pin)
      erased = erased + 1
    end
    redis.call('ZADD', root .. 'expired', expires, id)
    over = over + 1
  end
  if over > 0 then redis.call('LTRIM', key, over, -1) end
  if redis.call('EXISTS', key) == 0 then redis.call('SREM', root .. 'sl', ttl) end
  looked = looked + over
  if looked == tonumber(ARGV[2]) then break end
end
if looked == 0 then return { 0, 0 } end
return finish({ looked, erased })
