-- As delivery-step, and the step of the message that the call brings, in the same write. ARGV[9]: that step, packed.
--@include done
--@include messages-step
local function step_message()
  message_step(root, ARGV[9])
  lanes_settle()
end
--@include delivery-step
