-- Runs the operations of a group commit: see ../commit.lua.
--@include commit-verbs
-- Calls `visit` with each: its verb's letter, the index in ARGV before its first argument, and that of its last.
local function each_operation(visit)
  local at = 2
  while at <= #ARGV do
    local last = at + 1 + sub(ARGV[at], 2)
    visit(sub(ARGV[at], 1, 1), at + 1, last)
    at = last + 1
  end
end

--@each
-- Nothing happens for a client that has given up.
if late then return redis.error_reply('LATE ' .. now_text) end
each_operation(function(verb, at) wants[verb](at) end)
read_wanted()
local answers = {}
each_operation(function(verb, at, last)
  op = ARGV[at]
  local armed_then, fresh_then, further_then = marks()
  local fine, answer = pcall(runs[verb], at, last)
  if not fine then
    undo_all(armed_then, fresh_then, further_then)
    answer = { '!', type(answer) == 'table' and answer.err or tostring(answer) }
  end
  answers[#answers + 1] = answer
end)
flush()
return answers
--@end
