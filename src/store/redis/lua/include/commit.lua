-- Runs the operations of a group commit: see ../commit.lua.
--@include commit-verbs
-- Of the operations that are done, in their order.
local answers, answer_count
-- Where in ARGV the operation under way begins.
local current

-- Calls `visit` with each row: its verb's letter, where its first operation begins and its last, and how many arguments each has.
local function each_row(visit)
  local first = 3
  for verb, size, count in string.gmatch(ARGV[2], '(%a)(%d+)x(%d+)') do
    local beyond = first + size * count
    visit(verb, first, beyond - size, tonumber(size))
    first = beyond
  end
end

local function want_row(verb, first, last, size)
  local want_texts = wants[verb]
  for at = first, last, size do want_texts(at) end
end

-- From the current one on.
local function run_to(last, run, size)
  while current <= last do
    mark()
    local answer = run(current, current + size - 1)
    answer_count = answer_count + 1
    answers[answer_count] = answer
    current = current + size
  end
end

local function run_row(verb, first, last, size)
  current = first
  while current <= last do
    local fine, why = pcall(run_to, last, runs[verb], size)
    if not fine then
      undo_all()
      answer_count = answer_count + 1
      answers[answer_count] = { '!', type(why) == 'table' and why.err or tostring(why) }
      current = current + size
    end
  end
end

--@each
-- Nothing happens for a client that has given up.
if late then return redis.error_reply('LATE ' .. now_text) end
answers, answer_count = {}, 0
each_row(want_row)
read_wanted()
each_row(run_row)
flush()
return answers
--@end
