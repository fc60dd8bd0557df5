-- As commit, for steps of calls that bring messages of bulks.
--@include commit-call
--@include messages-step
call_step_message = function(packed)
  message_step(packed)
  lanes_settle()
end
--@include commit
