-- Calls of a PIN that are not over.
--@include bearer

-- Adds those among `by` (include/pin.lua) to `result`, oldest first.
local function live_calls(result, by)
  for call in string.gmatch(by, 'd:(%S+)') do
    local row = bearer_lines('d', call)
    if row and string.byte(row) ~= 52 then result[#result + 1] = call end
  end
  return result
end
