-- Durable timers of a shard, in the shard of what they belong to.
--   t         ZSET id by when it can be claimed: due, or the end of its lease
--   tb:<id>   <1 leased, else 0>|<due>|<kind and data, JSON>; `due` is empty as long as only `t` knows it
--@include time

-- Arms what stands in ARGV from `at` on: how many, then id, in how many ms, kind and data of each. Returns where it ends.
local function arm_timers(at)
  local count = tonumber(ARGV[at])
  if count == 0 then return at + 1 end
  local times, bodies = {}, {}
  for n = 1, count do
    local id, due = ARGV[at + 1], string.format('%d', now + ARGV[at + 2])
    times[2 * n - 1], times[2 * n] = due, id
    bodies[#bodies + 1] = root .. 'tb:' .. id
    bodies[#bodies + 1] = '0|' .. due .. '|' .. ARGV[at + 3]
    at = at + 3
  end
  redis.call('ZADD', root .. 't', unpack(times))
  redis.call('MSET', unpack(bodies))
  return at + 1
end

-- Takes away what stands in ARGV from `at` on: how many, then their ids. Returns where it ends.
local function cancel_timers(at)
  local count = tonumber(ARGV[at])
  if count > 0 then
    local bodies = {}
    for n = 1, count do bodies[n] = root .. 'tb:' .. ARGV[at + n] end
    redis.call('ZREM', root .. 't', unpack(ARGV, at + 1, at + count))
    redis.call('DEL', unpack(bodies))
  end
  return at + count + 1
end
