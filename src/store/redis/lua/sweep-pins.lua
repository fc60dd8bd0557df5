-- Deletes PINs of a shard that are over for longer than the retention, with what brought them, once none of that is younger.
-- ARGV: 2 how many at most, 3 retention in ms. Returns {PINs looked at, PINs deleted}; as many as were asked for: there may be more to do.
--   vt   SET of indices (include/verifications.lua) whose first entries may be of PINs that are gone
--@flags allow-oom
--@include repeat
--@include pin
--@include bearer
--@include number
--@include words
-- Entries of indices that one run takes away.
local MOST_TRIMMED, STEP = 2000, 100
local oldest = now - ARGV[3]
local ids = redis.call('ZRANGEBYSCORE', root .. 'expired', '-inf', oldest, 'LIMIT', 0, ARGV[2])
local deleted = 0

local numbers = {}
for _, id in ipairs(ids) do
  local pin = pin_read(id)
  local youngest, over = 0, { root .. 'p:' .. id, root .. 'r:' .. id }
  for kind, ref in string.gmatch(pin and pin.by or '', '(%a):(%S+)') do
    local bearer = bearer_read(kind, ref)
    if bearer then youngest = math.max(youngest, tonumber(bearer.updated)) end
    over[#over + 1] = root .. kind .. ':' .. ref
    over[#over + 1] = root .. 'i' .. kind .. ':' .. ref
  end
  if youngest > oldest then
    -- Looked at again when the youngest is old enough.
    redis.call('ZADD', root .. 'expired', youngest, id)
  else
    redis.call('UNLINK', unpack(over))
    if pin then
      numbers[pin.to] = numbers[pin.to] or {}
      numbers[pin.to][id] = true
      redis.call('SADD', root .. 'vt', 'v', 'va:' .. pin.app)
    end
    redis.call('ZREM', root .. 'expired', id)
    deleted = deleted + 1
  end
end

for to, pins in pairs(numbers) do forget_sends(to, pins) end

-- PINs do not go in the order in which they were made, but nearly: entries go when they are the first.
local trimmed = 0
-- Whether the first entry is of a PIN that is there now, or there is none.
local function trim(index)
  while trimmed < MOST_TRIMMED do
    local entries = redis.call('LRANGE', root .. index, 0, STEP - 1)
    local gone = 0
    while entries[gone + 1] and redis.call('EXISTS', root .. 'p:' .. string.sub(entries[gone + 1], 17)) == 0 do gone = gone + 1 end
    if gone > 0 then redis.call('LPOP', root .. index, gone) end
    trimmed = trimmed + gone
    if gone < STEP then return true end
  end
  return false
end
local more = false
for _, index in ipairs(redis.call('SMEMBERS', root .. 'vt')) do
  if trim(index) then redis.call('SREM', root .. 'vt', index) else more = true end
end
local first = redis.call('LINDEX', root .. 'v', 0)
forget_words(math.min(oldest, first and tonumber(string.sub(first, 1, 13)) or oldest))
if #ids == 0 and trimmed == 0 then return { 0, 0 } end
return finish({ more and tonumber(ARGV[2]) or #ids, deleted })
