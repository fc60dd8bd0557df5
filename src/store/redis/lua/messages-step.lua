-- ARGV: 2 ref, 3 step (include/messages-step.lua). Returns 1 or 0: whether it was applied, then the message
-- (include/messages-read.lua).
--@include once
--@include messages-step
--@include messages-read
local applied, m = message_step(ARGV[3], string.sub(KEYS[2], #root + 3))
lanes_settle()
return { applied and 1 or 0, { { m and message_row(m) }, read_batches } }
