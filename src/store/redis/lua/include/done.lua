-- For records that many calls change: they remember the last of these calls themselves, which is cheaper than a record of
-- each. KEYS[2] is kept only for what left no trace in the record (`finish`), and read with the record.
--   ops   ;<opId>=<result>;<opId>=<result>; and so on, the latest last
--@include in-time
--@include finish
local OPS_BYTES = 400
local op = string.sub(KEYS[2], #root + 3)

-- What this opId came to before, if these `ops` know it.
local function done_before(ops)
  local _, at = string.find(ops, ';' .. op .. '=', 1, true)
  return at and string.match(ops, '^[^;]*', at + 1)
end

local function with_done(ops, result)
  if ops == '' then ops = ';' end
  ops = ops .. op .. '=' .. result .. ';'
  if #ops > OPS_BYTES then ops = string.sub(ops, string.find(ops, ';', #ops - OPS_BYTES, true)) end
  return ops
end
