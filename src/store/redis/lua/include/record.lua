-- A HASH as a table.
local function as_table(flat)
  local record = {}
  for n = 1, #flat, 2 do record[flat[n]] = flat[n + 1] end
  return record
end
