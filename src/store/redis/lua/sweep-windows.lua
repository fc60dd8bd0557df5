-- Deletes windows of applications of a shard that hold nothing any more (include/windows.lua). Returns how many.
--@flags allow-oom
--@include repeat
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
return deleted > 0 and finish(deleted) or 0
