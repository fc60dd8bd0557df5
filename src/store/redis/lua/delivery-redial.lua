-- Write-ahead of a further dial. ARGV: 2 ref, 3 dials expected, 4.. timers to arm.
-- Returns {fields before, fields changed}, nil where it does not apply. Repeated: {fields, {}}.
--@include once
--@include record
--@include timers
--@include wanted
local key = root .. 'd:' .. ARGV[2]
local fields = redis.call('HGETALL', key)
if first then return { fields, {} } end
local before = as_table(fields)
if not before.created or before.state or before.carrier then return false end
local dials = tonumber(before.dials or 1)
if dials ~= tonumber(ARGV[3]) then return false end
if not still_wanted(before.pin, before.created) then return false end
local changes = { 'dials', dials + 1, 'updated', now_text }
redis.call('HSET', key, unpack(changes))
arm_timers(4)
finish(1)
return { fields, changes }
