-- Bulks of a shard to be deleted. ARGV: 2 done for how many ms, 3 how many of either kind at most.
-- Returns name, 1 when it is done (0: left by a crash) of each, one after the other.
--@flags no-writes
--@include time
local found = {}
local function add(index, before, done)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', root .. index, '-inf', before, 'LIMIT', 0, ARGV[3])) do
    found[#found + 1] = name
    found[#found + 1] = done
  end
end
add('mo', now, 0)
add('mf', now - ARGV[2], 1)
return found
