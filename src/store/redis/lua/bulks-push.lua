-- Pushes reports of messages that were rejected at the door. ARGV: 2 name, 3 how many at most. Returns how many are left.
--@include repeat
--@include bulks
local owed = root .. 'mp:' .. ARGV[2]
for _ = 1, tonumber(ARGV[3]) do
  local ref = redis.call('LPOP', owed)
  if not ref then break end
  local m = message_load(ref)
  local push = m and batch_of(m).push
  if push then message_push(ref, push) end
end
local left = redis.call('LLEN', owed)
if left == 0 and redis.call('HGET', root .. 'mb:' .. ARGV[2], 'hold') ~= 'canceling' then
  redis.call('ZREM', root .. 'mz', ARGV[2])
end
return finish(left)
