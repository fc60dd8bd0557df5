-- Logged events of a shard in the order of an index. ARGV: 2 and 3 cursor (include/pages.lua), 4 index, 5 before which `at` or '', 6 type or
-- '', 7 application or '', 8 how many at most.
-- Returns {at, member, event (include/events.lua)} each; if there may be more, where it stopped is the last, with '' for the event.
--@flags no-writes
--@include pages
--@include events
local STEP, SCANNED = 100, 500
local index, before, kind, application, wanted = ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7], tonumber(ARGV[8])
local found = {}
local start = ARGV[2] == '' and 0 or page_start(root .. index, false, ARGV[2], ARGV[3])
for from = start, start + SCANNED - 1, STEP do
  local page = redis.call('ZRANGE', root .. index, from, from + STEP - 1, 'WITHSCORES')
  for i = 1, #page, 2 do
    local member, at = page[i], page[i + 1]
    if before and tonumber(at) >= before then return found end
    local event = logged_read(string.sub(member, 23))
    if event and (kind == '' or event[2] == kind) and (application == '' or event[3] == application) then
      found[#found + 1] = { at, member, event }
      wanted = wanted - 1
      if wanted == 0 then
        found[#found + 1] = { at, member, '' }
        return found
      end
    end
  end
  if #page < 2 * STEP then return found end
  if from + STEP >= start + SCANNED then found[#found + 1] = { page[#page], page[#page - 1], '' } end
end
return found
