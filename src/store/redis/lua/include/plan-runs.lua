-- Delivery plans under way, each in the shard of its PIN.
--   r:<pinId>   HASH info (JSON: what never changes), turn, and for each turn t<n>: <when>|<ref or nothing>|<position>|<entries, JSON>
--@include time

-- The first turn.
local function run_insert(id, ref, info, turn)
  redis.call('HSET', root .. 'r:' .. id, 'info', info, 'turn', 1, 't1', now_text .. '|' .. ref .. '|' .. turn)
end

-- A PIN whose plan nobody needs any more tells of it, in the words of sqlite/pins.ts; '-' is the target of what is no push.
local function superseded_event(id, application, to)
  local data = '{"pinId":"' .. id .. '","applicationId":' .. cjson.encode(application) .. ',"to":' .. cjson.encode(to) .. ',"at":' .. now_text .. '}'
  outbox_put('verification-superseded-' .. id, 'verification.superseded', '-', '', data)
end
