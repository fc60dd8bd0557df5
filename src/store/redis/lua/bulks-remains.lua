-- The first messages of a condemned bulk. ARGV: 2 name, 3 how many. Returns ref, messageId of each, one after the other.
--@flags no-writes
--@include messages
local found = {}
for _, ref in ipairs(redis.call('LRANGE', root .. 'mx:' .. ARGV[2], 0, tonumber(ARGV[3]) - 1)) do
  found[#found + 1] = ref
  found[#found + 1] = redis.call('HGET', root .. 'm:' .. ref, 'id') or ''
end
return found
