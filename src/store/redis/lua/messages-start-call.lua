-- A claimed voice message gets its call. ARGV: 2 ref of the message, 3 step to `sent` (include/messages-step.lua), 4 callRef,
-- 5 the call (bearer-info.ts), 6… timers to arm. Returns when, or 0: it is no longer in this try.
--@include repeat
--@include timers
--@include insert-bearer
--@include messages-step
if not message_step(ARGV[3]) then return finish(0) end
lanes_settle()
insert_bearer('d', ARGV[4], '', ARGV[5])
local key = root .. 'm:' .. ARGV[2]
redis.call('HSET', key, 'calls', (redis.call('HGET', key, 'calls') or '') .. ARGV[4] .. ' ')
arm_timers(6)
return finish(now)
