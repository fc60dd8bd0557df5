-- Deletes messages of a condemned bulk, and, when none is left, the bulk. ARGV: 2 name, 3… refs. Returns how many are left.
--@include repeat
--@include bulks-erase
local name = ARGV[2]
local bulk, all = root .. 'mb:' .. name, root .. 'mx:' .. name
if redis.call('HGET', bulk, 'hold') ~= 'gone' then return 0 end
for i = 3, #ARGV do
  message_erase(ARGV[i])
  redis.call('LREM', all, 1, ARGV[i])
end
local left = redis.call('LLEN', all)
if left > 0 then
  redis.call('ZADD', root .. 'mo', now + DRAFT_MS, name)
  return finish(left)
end
each_lane(name, function(lane) redis.call('DEL', root .. 'md:' .. lane .. ':' .. name) end)
redis.call('DEL', bulk, root .. 'mk:' .. name, root .. 'ml:' .. name, root .. 'mp:' .. name)
redis.call('ZREM', root .. 'mo', name)
return finish(0)
