-- Deletes windows of applications of a shard that hold nothing any more (include/windows.lua), and sends of deleted PINs that count no more
-- (include/number.lua). ARGV: 2 how many of these at most. Returns {how many of these, how many windows and sends in all}.
--@flags allow-oom
--@include repeat
--@include number
local applications = redis.call('ZRANGE', root .. 'aw', 0, -1, 'WITHSCORES')
local deleted = 0
for n = 1, #applications, 2 do
  local key = root .. 'wa:' .. applications[n]
  local latest = redis.call('LINDEX', key, -1)
  if not latest or latest + applications[n + 1] <= now then
    redis.call('UNLINK', key)
    redis.call('ZREM', root .. 'aw', applications[n])
    deleted = deleted + 1
  end
end
local numbers = redis.call('ZRANGEBYSCORE', root .. 'nw', '-inf', now, 'LIMIT', 0, ARGV[2])
for _, to in ipairs(numbers) do
  redis.call('ZREM', root .. 'nw', to)
  forget_sends(to, { [NO_PIN] = true })
  deleted = deleted + 1
end
if deleted == 0 then return { 0, 0 } end
return finish({ #numbers, deleted })
