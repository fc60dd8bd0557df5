-- Verbs of a group commit (../commit.lua). Each decides first and writes last, so that one that fails has written nothing.
--@include overlay
--@include ops
local byte, match, sub
--@each
byte, match, sub = string.byte, string.match, string.sub
--@end
-- By the letter: `wants(at)` names the texts that it will read, as far as can be told; `runs(at, last)` does it. Both take where in ARGV it begins, and
-- `runs` its last argument.
local wants, runs = {}, {}

-- Numbers in a text, a blank between them: most operations have the same, so they are kept from one run to the next.
local MOST_LISTS = 500
local number_lists, list_count = {}, 0
local function numbers_in(text)
  local list = number_lists[text]
  if list then return list end
  if list_count == MOST_LISTS then number_lists, list_count = {}, 0 end
  list = {}
  for number in string.gmatch(text, '%S+') do list[#list + 1] = tonumber(number) end
  number_lists[text], list_count = list, list_count + 1
  return list
end

-- The text of an instant in so many ms: most operations have the same.
local instants
--@each
instants = {}
--@end
local function instant_in(ms)
  local text = instants[ms]
  if not text then
    text = string.format('%d', now + ms)
    instants[ms] = text
  end
  return text
end

-- Arms the timers in ARGV from `at` to `last`: id, in how many ms, kind and data of each (timers.lua has the layout).
local function arm_later(at, last)
  for n = at, last, 3 do
    local id, due = ARGV[n], instant_in(ARGV[n + 1])
    put_timer(due, id)
    text_put(root .. 'tb:' .. id, '0|' .. due .. '|' .. ARGV[n + 2])
  end
end

local function cancel_one(id)
  put_timer(false, id)
  text_put(root .. 'tb:' .. id, false)
end

-- Takes away the timers in ARGV from `at` on: how many, then their ids. Returns what follows.
local function cancel_later(at)
  local count = tonumber(ARGV[at])
  for n = at + 1, at + count do
    cancel_one(ARGV[n])
  end
  return at + count + 1
end
