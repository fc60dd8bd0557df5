-- Verbs of a group commit (../commit.lua). Each decides first and writes last, so that one that fails has written nothing.
--@include overlay
--@include ops
-- By the letter: `wants(at)` names the texts that it will read, as far as can be told; `runs(at)` does it. Both take the index in ARGV before
-- its first argument, and `root` is its shard's.
local wants, runs = {}, {}

-- Where the timers in ARGV from `at` on end: how many, then id, in how many ms, kind and data of each (timers.lua has the layout).
local function arm_later(at)
  local count = tonumber(ARGV[at])
  for _ = 1, count do
    local id, due = ARGV[at + 1], string.format('%.0f', now + ARGV[at + 2])
    put_member(root .. 't', due, id)
    text_put(root .. 'tb:' .. id, '0|' .. due .. '|' .. ARGV[at + 3])
    at = at + 3
  end
end

-- Takes away the timers in ARGV from `at` on: how many, then their ids. Returns where they end.
local function cancel_later(at)
  local count = tonumber(ARGV[at])
  for n = at + 1, at + count do
    put_member(root .. 't', false, ARGV[n])
    text_put(root .. 'tb:' .. ARGV[n], false)
  end
  return at + count + 1
end
