-- Deletes PINs of a shard that are over for longer than the retention, with what brought them, once none of that is younger.
-- ARGV: 2 how many at most, 3 retention in ms. Returns {PINs looked at, PINs deleted}.
--@flags allow-oom
--@include repeat
--@include pin
--@include bearer
local oldest = now - ARGV[3]
local ids = redis.call('ZRANGEBYSCORE', root .. 'expired', '-inf', oldest, 'LIMIT', 0, ARGV[2])
local deleted = 0
for _, id in ipairs(ids) do
  local pin = pin_read(id)
  local youngest, over = 0, { root .. 'p:' .. id, root .. 'r:' .. id }
  for kind, ref in string.gmatch(pin and pin.by or '', '(%a):(%S+)') do
    local bearer = bearer_read(kind, ref)
    if bearer then youngest = math.max(youngest, tonumber(bearer.updated)) end
    over[#over + 1] = root .. kind .. ':' .. ref
    over[#over + 1] = root .. kind .. 'i:' .. ref
  end
  if youngest > oldest then
    -- Looked at again when the youngest is old enough.
    redis.call('ZADD', root .. 'expired', youngest, id)
  else
    redis.call('UNLINK', unpack(over))
    if pin then
      local index = root .. 'i:' .. pin.to
      local ids = redis.call('GET', index) or ''
      local from, last = string.find(ids, id .. '\n', 1, true)
      if from then ids = string.sub(ids, 1, from - 1) .. string.sub(ids, last + 1) end
      if ids == '' then redis.call('DEL', index) else redis.call('SET', index, ids) end
      redis.call('ZREM', root .. 'v', pin.order .. id)
      redis.call('ZREM', root .. 'va:' .. pin.app, pin.order .. id)
    end
    redis.call('ZREM', root .. 'expired', id)
    deleted = deleted + 1
  end
end
if #ids == 0 then return { 0, 0 } end
return finish({ #ids, deleted })
