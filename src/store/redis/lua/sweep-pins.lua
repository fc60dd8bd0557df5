-- Deletes PINs of a shard that are over for longer than the retention, with what brought them, once none of that is younger.
-- ARGV: 2 how many at most, 3 retention in ms. Returns {PINs looked at, PINs deleted}.
--@flags allow-oom
--@include repeat
--@include record
local oldest = now - ARGV[3]
local ids = redis.call('ZRANGEBYSCORE', root .. 'expired', '-inf', oldest, 'LIMIT', 0, ARGV[2])
local deleted = 0
for _, id in ipairs(ids) do
  local key = root .. 'p:' .. id
  local pin = as_table(redis.call('HGETALL', key))
  local youngest, bearers = 0, { key, root .. 'r:' .. id }
  for bearer in string.gmatch(pin.by or '', '%S+') do
    local row = redis.call('HMGET', root .. bearer, 'updated', 'created')
    youngest = math.max(youngest, tonumber(row[1] or row[2] or 0))
    bearers[#bearers + 1] = root .. bearer
  end
  if youngest > oldest then
    -- Looked at again when the youngest is old enough.
    redis.call('ZADD', root .. 'expired', youngest, id)
  else
    redis.call('UNLINK', unpack(bearers))
    if pin.app then
      redis.call('LREM', root .. 'i:' .. pin.to, 1, id)
      redis.call('ZREM', root .. 'v', pin.order .. id)
      redis.call('ZREM', root .. 'va:' .. pin.app, pin.order .. id)
    end
    redis.call('ZREM', root .. 'expired', id)
    deleted = deleted + 1
  end
end
if #ids == 0 then return { 0, 0 } end
return finish({ #ids, deleted })
