-- Turns of a plan under way (include/plan-runs.lua has the layout).
--@include time

-- The ref of a turn, '' if it started nothing.
local function run_live(id, turn)
  local text = redis.call('HGET', root .. 'r:' .. id, 't' .. turn)
  return text and string.match(text, '^%d+|([^|]*)|') or ''
end

-- The turn that started `ref`; 0, which has none, for what was started beside the plan.
local function run_turn_of(id, ref, last)
  for turn = last, 1, -1 do
    if run_live(id, turn) == ref then return turn end
  end
  return 0
end
