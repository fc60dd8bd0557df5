-- PINs of a shard, newest first. ARGV: 2 and 3 cursor (include/pages.lua), 4 index (include/verifications.lua), 5 since when or '', 6 state or '',
--   7 how many at most.
-- Returns when and order+pinId of each; if there may be more, where it stopped is the last, and 1 in front of all, else 0.
--@flags no-writes
--@include pages
--@include verification-state
local STEP, SCANNED = 100, 500
local index, since, state, wanted = ARGV[4], tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7])
local found = { 0 }

local function add(made, member)
  found[#found + 1] = made
  found[#found + 1] = member
end
-- The texts of the PINs of a page, where they must be looked at.
local function texts_of(page)
  if state == '' or not page[1] then return {} end
  local keys = {}
  for i = 1, #page, 2 do keys[#keys + 1] = root .. 'p:' .. string.sub(page[i], 17) end
  return redis.call('MGET', unpack(keys))
end
local function stop(made, member)
  found[1] = 1
  add(made, member)
  return found
end

local start = ARGV[2] == '' and 0 or page_start(root .. index, true, ARGV[2], ARGV[3])
for from = start, start + SCANNED - 1, STEP do
  local page = redis.call('ZREVRANGE', root .. index, from, from + STEP - 1, 'WITHSCORES')
  local texts = texts_of(page)
  for i = 1, #page, 2 do
    local member, made = page[i], page[i + 1]
    if since and tonumber(made) < since then return found end
    local text = texts[(i + 1) / 2]
    if state == '' or (text and verification_state(text) == state) then
      add(made, member)
      wanted = wanted - 1
      if wanted == 0 then return stop(made, member) end
    end
  end
  if #page < 2 * STEP then return found end
  if from + STEP >= start + SCANNED then return stop(page[#page], page[#page - 1]) end
end
