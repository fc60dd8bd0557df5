-- Nothing shows, claims or fills the bulk from here on: it is to be deleted. ARGV: 2 name, 3 '' for what a crash left or began to delete,
-- else the order of a draft that failed, or `old`; 4 with `old`: done for how many ms. Returns 1, or 0: it is not to be deleted.
--@include repeat
--@include bulks
local name, why = ARGV[2], ARGV[3]
local bulk = root .. 'mb:' .. name
local hold, order, created, open = unpack(redis.call('HMGET', bulk, 'hold', 'order', 'created', 'open'))
if not created then
  redis.call('ZREM', root .. 'mf', name)
  redis.call('ZREM', root .. 'mo', name)
  return 0
end
local fits = hold == 'gone'
if why == '' then
  fits = fits or (hold == 'loading' and tonumber(redis.call('ZSCORE', root .. 'mo', name) or 0) <= now)
elseif why == 'old' then
  local before = now - tonumber(ARGV[4])
  local done = tonumber(redis.call('ZSCORE', root .. 'mf', name) or now + 1)
  fits = fits or (hold ~= 'loading' and open == '0' and tonumber(created) <= before and done <= before)
else
  fits = fits or (hold == 'loading' and order == why .. '000000')
end
if not fits then return 0 end
each_lane(name, function(lane)
  redis.call('ZREM', root .. 'my:' .. channel_of(name), order .. string.format('%06d', tonumber(lane)) .. name)
end)
redis.call('HSET', bulk, 'hold', 'gone')
-- Found again, should whoever deletes it not come to the end.
redis.call('ZADD', root .. 'mo', now + DRAFT_MS, name)
redis.call('ZREM', root .. 'mz', name)
redis.call('ZREM', root .. 'mf', name)
return finish(1)
