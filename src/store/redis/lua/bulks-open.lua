-- Begins a draft, with its first messages. ARGV: 2 name, 3 face, 4 send time (the bulk's or of all that have their own; '': now),
-- 5 amount, 6 per ms ('' both: no speed), 7 lanes: JSON of [send time or '', ms from slot to slot or ''] each, 8 batches,
-- 9 messages (include/bulks-fill.lua).
-- Returns the draft's order; 'taken'; or 'left' where what a crash left of one must be deleted first.
--@include repeat
--@include bulks-fill
local name = ARGV[2]
local bulk = root .. 'mb:' .. name
local hold = redis.call('HGET', bulk, 'hold')
if hold == 'gone' then return 'left' end
if hold == 'loading' and tonumber(redis.call('ZSCORE', root .. 'mo', name) or 0) <= now then return 'left' end
if redis.call('EXISTS', bulk) == 1 then return 'taken' end
local send = ARGV[4] == '' and now or ARGV[4]
local lanes = cjson.decode(ARGV[7])
redis.call('HSET', bulk, 'face', ARGV[3], 'send', send, 'amount', ARGV[5], 'per', ARGV[6], 'hold', 'loading',
  'created', now, 'order', micros .. '000000', 'lanes', #lanes, 'started', 0)
for i, lane in ipairs(lanes) do
  local n = i - 1
  redis.call('HSET', root .. 'ml:' .. name, 's' .. n, lane[1] == '' and send or lane[1], 'p' .. n, lane[2], 'n' .. n, 0)
end
bulk_fill(name, micros, cjson.decode(ARGV[8]), cjson.decode(ARGV[9]))
return finish(micros)
