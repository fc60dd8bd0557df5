-- Makes a script happen once: KEYS[2] holds the first result of this opId. ioredis sends a command again when its reply was
-- lost with the connection, and then the first result is returned (or, with `again`, what the script says to a repeated call).
-- Must be included before the first write. Both keys being declared also makes a cluster refuse (TRYAGAIN) while it moves
-- the slot: KEYS[2] is there or not, and no script may run on half a shard.
--@include time
local REMEMBERED_MS = 120000
local first = redis.call('GET', KEYS[2])
if not first and string.byte(ARGV[1]) ~= 61 and ARGV[1] ~= '' and now > tonumber(ARGV[1]) then
  return redis.error_reply('LATE ' .. now)
end

-- Keeps `result` (strings, numbers, arrays of them: no nil, no seed) and returns it.
local function finish(result)
  redis.call('SET', KEYS[2], cmsgpack.pack(result), 'PX', REMEMBERED_MS)
  return result
end
