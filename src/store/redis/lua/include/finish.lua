-- The record of an opId that left no trace elsewhere.
local REMEMBERED_MS = 120000

-- Keeps `result` (strings, numbers, arrays of them: no nil, no seed) and returns it.
local function finish(result)
  redis.call('SET', KEYS[2], cmsgpack.pack(result), 'PX', REMEMBERED_MS)
  return result
end
