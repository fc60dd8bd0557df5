-- Bulks (sqlite/bulks.ts has the rules; keys: include/messages.lua). One is written in parts under the hold `loading`, which nothing
-- claims or shows, and released whole by the last one. `gone`: it is being deleted.
--@include messages
-- A draft that nobody wrote to for so long is left over from a crash.
local DRAFT_MS = 60000

-- The bulk as the adapter reads it; nil while it is not to be seen.
local function bulk_read(name)
  local bulk = redis.call('HMGET', root .. 'mb:' .. name,
    'hold', 'send', 'amount', 'per', 'unsent', 'accepted', 'started', 'total', 'created')
  if not bulk[2] or bulk[1] == 'loading' or bulk[1] == 'gone' then return nil end
  return bulk
end

-- sqlite/message-rows.ts statusOf
local function bulk_status(bulk)
  local hold, unsent, accepted, started = bulk[1], bulk[5], bulk[6], bulk[7]
  if hold == 'canceling' or hold == 'canceled' then return 'CANCELED' end
  if tonumber(unsent) <= 0 then return accepted == '0' and 'FAILED' or 'FINISHED' end
  if hold == 'paused' then return 'PAUSED' end
  return started == '1' and 'PROCESSING' or 'PENDING'
end

-- { status, send time, amount, per, total, created }
local function bulk_answer(bulk) return { bulk_status(bulk), bulk[2], bulk[3], bulk[4], bulk[8], bulk[9] } end

local function each_lane(name, act)
  for lane = 0, tonumber(redis.call('HGET', root .. 'mb:' .. name, 'lanes')) - 1 do act(string.format('%d', lane)) end
end
