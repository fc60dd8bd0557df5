-- Leases due timers of the shards of KEYS, oldest first. ARGV: 2 how many, 3 ms of the lease.
-- Returns {id, index in KEYS of its shard, body (see include/timers.lua)} of each.
--@include repeat
--@include roots
local limit, until_when = tonumber(ARGV[2]), now + ARGV[3]
local due = {}
for _, k in ipairs(roots) do
  local rows = redis.call('ZRANGEBYSCORE', KEYS[k] .. 't', '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
  for i = 1, #rows, 2 do due[#due + 1] = { tonumber(rows[i + 1]), rows[i], k } end
end
if #due == 0 then return {} end
table.sort(due, function(a, b)
  if a[1] ~= b[1] then return a[1] < b[1] end
  return a[2] < b[2]
end)
local claimed = {}
for n = 1, math.min(limit, #due) do
  local id, from = due[n][2], due[n][3]
  local bodies = KEYS[from] .. 'th'
  local body = redis.call('HGET', bodies, id)
  redis.call('HSET', bodies, id, '1' .. string.sub(body, 2))
  redis.call('ZADD', KEYS[from] .. 't', until_when, id)
  claimed[n] = { id, from, body }
end
return finish(claimed)
