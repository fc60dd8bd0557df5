-- Records that many calls change remember the last of these calls themselves, which is cheaper than a record of each.
--   ops   ;<opId>=<result>;<opId>=<result>; and so on, the latest last
local OPS_BYTES = 400
-- The opId, with its verb's letter.
local op

-- What this opId came to before, if these `ops` know it.
local function done_before(ops)
  if ops == '' then return nil end
  local _, at = string.find(ops, ';' .. op .. '=', 1, true)
  return at and string.match(ops, '^[^;]*', at + 1)
end

local function with_done(ops, result)
  if ops == '' then ops = ';' end
  ops = ops .. op .. '=' .. result .. ';'
  if #ops > OPS_BYTES then ops = string.sub(ops, string.find(ops, ';', #ops - OPS_BYTES, true)) end
  return ops
end
