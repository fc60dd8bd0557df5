-- Lanes: messages of a bulk that share a send time and a pace (sqlite/lanes.ts).
--@include messages
local CATCH_UP_MS = 500
local LANE_NAME_AT = ORDER_DIGITS_OF_MESSAGE + 7

-- Lane and name of a member of `my:<channel>`.
local function lane_named(member)
  local lane = tonumber(string.sub(member, ORDER_DIGITS_OF_MESSAGE + 1, LANE_NAME_AT - 1))
  return string.format('%d', lane), string.sub(member, LANE_NAME_AT)
end

-- Lanes that may have something to send, in turn: their members, and when.
local function lanes_ready(channel, limit)
  return redis.call('ZRANGEBYSCORE', root .. 'my:' .. channel, '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
end

-- How many messages the pace lets through now, and the slot of the first; no slot: any number.
local function lane_room(name, lane)
  local slot, next_slot = unpack(redis.call('HMGET', root .. 'ml:' .. name, 'p' .. lane, 'n' .. lane))
  if slot == '' then return math.huge end
  local ms, first_slot = tonumber(slot), tonumber(next_slot)
  -- A longer gap is not made up for: it would be followed by a burst.
  if first_slot < now - CATCH_UP_MS then first_slot = now end
  return math.max(0, math.floor((now - first_slot) / ms) + 1), ms, first_slot
end
