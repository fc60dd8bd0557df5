-- A claimed voice message gets its call. ARGV: 2 ref of the message, 3 step to `sent` (include/messages-step.lua), 4 callRef,
-- 5 the call (records.ts deliveryInfo), 6… timers to arm. Returns when, or 0: it is no longer in this try.
--@include repeat
--@include timers
--@include messages-step
if not message_step(root, ARGV[3]) then return finish(0) end
lanes_settle()
redis.call('HSET', root .. 'd:' .. ARGV[4], 'info', ARGV[5], 'pin', '', 'created', now)
local key = root .. 'm:' .. ARGV[2]
redis.call('HSET', key, 'calls', (redis.call('HGET', key, 'calls') or '') .. ARGV[4] .. ' ')
arm_timers(6)
return finish(now)
