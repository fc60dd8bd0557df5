-- Targets of a type that something is due for. KEYS: roots. ARGV: 2 type.
-- Returns target, when its oldest was due, one after the other; of very many those that wait longest.
--@flags no-writes
--@include time
local AT_ONCE = 1000
local found = {}
for _, r in ipairs(KEYS) do
  local heads = redis.call('ZRANGEBYSCORE', r .. 'eh:' .. ARGV[2], '-inf', now, 'WITHSCORES', 'LIMIT', 0, AT_ONCE)
  for _, value in ipairs(heads) do found[#found + 1] = value end
end
return found
