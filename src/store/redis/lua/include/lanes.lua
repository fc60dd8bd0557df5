-- Lanes: messages of a bulk that share a send time and a pace (sqlite/lanes.ts).
--@include messages
local CATCH_UP_MS = 500
local LANE_NAME_AT = ORDER_DIGITS_OF_MESSAGE + 7

-- Lanes that may have something to send, of the shards of KEYS given, in turn: { when, member, root, lane, name }.
local function lanes_ready(keys, channel, limit)
  local ready = {}
  for _, k in ipairs(keys) do
    local found = redis.call('ZRANGEBYSCORE', KEYS[k] .. 'my:' .. channel, '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
    for i = 1, #found, 2 do
      local member = found[i]
      local lane = string.format('%d', tonumber(string.sub(member, ORDER_DIGITS_OF_MESSAGE + 1, LANE_NAME_AT - 1)))
      ready[#ready + 1] = { tonumber(found[i + 1]), member, KEYS[k], lane, string.sub(member, LANE_NAME_AT) }
    end
  end
  table.sort(ready, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  for i = #ready, limit + 1, -1 do ready[i] = nil end
  return ready
end

-- How many messages the pace lets through now, and the slot of the first; no slot: any number.
local function lane_room(r, name, lane)
  local slot, next_slot = unpack(redis.call('HMGET', r .. 'ml:' .. name, 'p' .. lane, 'n' .. lane))
  if slot == '' then return math.huge end
  local ms, first_slot = tonumber(slot), tonumber(next_slot)
  -- A longer gap is not made up for: it would be followed by a burst.
  if first_slot < now - CATCH_UP_MS then first_slot = now end
  return math.max(0, math.floor((now - first_slot) / ms) + 1), ms, first_slot
end
