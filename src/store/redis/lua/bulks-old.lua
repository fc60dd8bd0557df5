-- Bulks to be deleted. KEYS: roots. ARGV: 2 done for how many ms, 3 how many at most in a shard.
-- Returns index in KEYS, name, 1 when it is done (0: left by a crash) of each, one after the other.
--@flags no-writes
--@include time
local found = {}
for k, r in ipairs(KEYS) do
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', r .. 'mo', '-inf', now, 'LIMIT', 0, tonumber(ARGV[3]))) do
    found[#found + 1], found[#found + 2], found[#found + 3] = k, name, 0
  end
  local before = now - tonumber(ARGV[2])
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', r .. 'mf', '-inf', before, 'LIMIT', 0, tonumber(ARGV[3]))) do
    found[#found + 1], found[#found + 2], found[#found + 3] = k, name, 1
  end
end
return found
