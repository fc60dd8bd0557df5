-- Write-ahead of a further try of a text or mail. ARGV: 2 ref, 3 tries expected, 4.. timers to arm.
-- Returns {fields before, fields changed}, nil where it does not apply. Repeated: {fields, {}}.
--@include once
--@include record
--@include timers
--@include wanted
local key = root .. 'g:' .. ARGV[2]
local fields = redis.call('HGETALL', key)
if first then return { fields, {} } end
local before = as_table(fields)
if not before.created or before.state or before.carrier then return false end
local tries = tonumber(before.tries or 1)
if tries ~= tonumber(ARGV[3]) then return false end
if not still_wanted(before.pin, before.created) then return false end
local changes = { 'tries', tries + 1, 'updated', now_text }
redis.call('HSET', key, unpack(changes))
arm_timers(4)
finish(1)
return { fields, changes }
