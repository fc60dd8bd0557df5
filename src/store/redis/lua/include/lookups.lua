-- Number lookups, in the shard of their bulk.
--   n:<bulkId>    HASH messageId → number, sent, place in the bulk (JSON)
--   na:<bulkId>   HASH messageId → done, result (JSON), status group, mcc+mnc or '' (JSON)
--   nl            ZSET order, length of messageId, messageId, bulkId by when it was sent
-- In the shard of its own name: ni:<messageId>, when it was taken and the bulkId.
--@include time
local LOOKUP_ORDER_DIGITS = 22
local LOOKUP_ID_AT = LOOKUP_ORDER_DIGITS + 5

local function lookup_member(order, bulk, id) return order .. string.format('%04d', #id) .. id .. bulk end
-- Returns bulkId, messageId.
local function lookup_named(member)
  local length = tonumber(string.sub(member, LOOKUP_ORDER_DIGITS + 1, LOOKUP_ID_AT - 1))
  return string.sub(member, LOOKUP_ID_AT + length), string.sub(member, LOOKUP_ID_AT, LOOKUP_ID_AT + length - 1)
end

-- { bulkId, messageId, row, answer or '' }, nil when it is gone.
local function lookup_read(bulk, id)
  local row = redis.call('HGET', root .. 'n:' .. bulk, id)
  return row and { bulk, id, row, redis.call('HGET', root .. 'na:' .. bulk, id) or '' } or nil
end
