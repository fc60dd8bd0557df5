-- Takes messages out of a draft: their ids are taken. ARGV: 2 name, 3 its order, 4… refs. Returns 1, or 0: it is not there any more.
--@include repeat
--@include bulks-erase
local name = ARGV[2]
local bulk = root .. 'mb:' .. name
local hold, order = unpack(redis.call('HMGET', bulk, 'hold', 'order'))
if hold ~= 'loading' or order ~= ARGV[3] .. '000000' then return 0 end
for i = 4, #ARGV do
  local m = message_load(ARGV[i])
  if m then
    redis.call('HINCRBY', bulk, 'total', -1)
    if kind_of(m.oc) == 'rejected' then
      redis.call('LREM', root .. 'mp:' .. name, 1, ARGV[i])
    else
      redis.call('HINCRBY', bulk, 'accepted', -1)
      if m.st ~= 'done' then
        redis.call('HINCRBY', bulk, 'unsent', -1)
        redis.call('HINCRBY', bulk, 'open', -1)
      end
    end
    message_erase(ARGV[i])
  end
end
return finish(1)
