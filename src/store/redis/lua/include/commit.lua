-- Runs the operations of a group commit: see ../commit.lua.
--@include commit-verbs
-- Calls `visit` with each: its verb's letter, the index in ARGV before its first argument, and that of its last.
local function each_operation(visit)
  local at = 3
  while at <= #ARGV do
    local last = at + 1 + sub(ARGV[at], 2)
    visit(sub(ARGV[at], 1, 1), at + 1, last)
    at = last + 1
  end
end

-- Nothing happens for a client that has given up.
if late then
  each_operation(function(verb, at)
    if forgets[verb] then forgets[verb](at) end
  end)
  flush()
  return redis.error_reply('LATE ' .. now_text)
end
each_operation(function(verb, at) wants[verb](at) end)
read_wanted()
local answers = {}
each_operation(function(verb, at, last)
  op = ARGV[at]
  local members_then, elements_then, further_then = marks()
  local fine, answer = pcall(runs[verb], at, last)
  if not fine then
    undo_all(members_then, elements_then, further_then)
    if forgets[verb] then forgets[verb](at) end
    answer = { '!', type(answer) == 'table' and answer.err or tostring(answer) }
  end
  answers[#answers + 1] = answer
end)
flush()
return answers
