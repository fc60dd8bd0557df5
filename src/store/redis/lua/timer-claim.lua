-- Leases due timers of a shard, oldest first. ARGV: 2 how many, 3 ms of the lease.
-- Returns {id, body (see include/timers.lua)} of each.
--@include repeat
local limit, until_when = tonumber(ARGV[2]), now + ARGV[3]
local due = redis.call('ZRANGEBYSCORE', root .. 't', '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
if #due == 0 then return {} end
local claimed = {}
-- In parts, since `unpack` takes so many and no more.
local PART = 500
for first_of_part = 1, #due, 2 * PART do
  local bodies, writes, leases = {}, {}, {}
  for n = first_of_part, math.min(#due, first_of_part + 2 * PART - 1), 2 do bodies[#bodies + 1] = root .. 'tb:' .. due[n] end
  for n, body in ipairs(redis.call('MGET', unpack(bodies))) do
    local at = first_of_part + 2 * n - 2
    if string.byte(body, 3) == 124 then body = '0|' .. string.format('%d', due[at + 1]) .. string.sub(body, 3) end
    claimed[#claimed + 1] = { due[at], body }
    writes[2 * n - 1], writes[2 * n] = bodies[n], '1' .. string.sub(body, 2)
    leases[2 * n - 1], leases[2 * n] = until_when, due[at]
  end
  redis.call('MSET', unpack(writes))
  redis.call('ZADD', root .. 't', unpack(leases))
end
return finish(claimed)
