-- PINs of a shard, newest first. ARGV: 2 and 3 cursor: ms and entry (or how it begins) of the last one seen, 4 index
--   (include/verifications.lua), 5 since when or '', 6 state or '', 7 how many at most.
-- Returns when and order+pinId of each; if there may be more, where it stopped is the last, and 1 in front of all, else 0.
--@flags no-writes
--@include verifications
--@include verification-state
local STEP, SCANNED, LATEST = 100, 500, 9999999999999
local index, since, state, wanted = root .. ARGV[4], tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7])
local found = { 0 }

local function add(entry)
  found[#found + 1] = made_of(entry)
  found[#found + 1] = entry
end
local function stop(entry)
  found[1] = 1
  add(entry)
  return found
end
local function texts_of(page)
  local keys = {}
  for i, entry in ipairs(page) do keys[i] = root .. 'p:' .. string.sub(entry, 17) end
  return redis.call('MGET', unpack(keys))
end
-- How many entries are before the cursor.
local function end_of()
  local low, high = 0, redis.call('LLEN', index)
  if ARGV[2] == '' or tonumber(ARGV[2]) > LATEST then return high end
  local cursor = ARGV[3] ~= '' and ARGV[3] or string.format('%013d', ARGV[2])
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('LINDEX', index, middle) < cursor then low = middle + 1 else high = middle end
  end
  return low
end

local last = end_of()
local least = last - SCANNED
while last > 0 do
  local first = math.max(0, last - STEP)
  local page = redis.call('LRANGE', index, first, last - 1)
  local texts = texts_of(page)
  for i = #page, 1, -1 do
    if since and tonumber(made_of(page[i])) < since then return found end
    if texts[i] and (state == '' or verification_state(texts[i]) == state) then
      add(page[i])
      wanted = wanted - 1
      if wanted == 0 then return stop(page[i]) end
    end
  end
  if first > 0 and first <= least then return stop(page[1]) end
  last = first
end
return found
