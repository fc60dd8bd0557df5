-- ARGV: 2 ref, 3 step (include/messages-step.lua). Returns 1 or 0: whether it was applied, then the message
-- (include/messages-read.lua).
--@include once
--@include messages-step
--@include messages-read
local applied
if first then
  applied = cmsgpack.unpack(first)
else
  applied = message_step(root, ARGV[3]) and 1 or 0
  lanes_settle()
  if applied == 1 then finish(applied) end
end
return { applied, messages_answer(root, { ARGV[2] }) }
