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
-- In parts, since `unpack` takes so many and no more.
local PART = 500
for first_of_part = 1, math.min(limit, #due), PART do
  local bodies, writes, leases = {}, {}, {}
  for n = first_of_part, math.min(limit, #due, first_of_part + PART - 1) do
    bodies[#bodies + 1] = KEYS[due[n][3]] .. 'tb:' .. due[n][2]
  end
  for n, body in ipairs(redis.call('MGET', unpack(bodies))) do
    local at, id, from = unpack(due[first_of_part + n - 1])
    if string.byte(body, 3) == 124 then body = '0|' .. string.format('%d', at) .. string.sub(body, 3) end
    claimed[#claimed + 1] = { id, from, body }
    writes[2 * n - 1], writes[2 * n] = bodies[n], '1' .. string.sub(body, 2)
    local lease = leases[from] or {}
    leases[from] = lease
    lease[#lease + 1] = until_when
    lease[#lease + 1] = id
  end
  redis.call('MSET', unpack(writes))
  for from, lease in pairs(leases) do redis.call('ZADD', KEYS[from] .. 't', unpack(lease)) end
end
return finish(claimed)
