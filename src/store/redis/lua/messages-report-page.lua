-- A page of an index of messages. ARGV: 2 and 3 cursor (include/pages.lua), 4 how many, 5 the index: mr:<channel>, oldest first, or
-- mg:<channel>, newest first.
-- Returns { score, member, place of the row below or '' of each, one after the other, messages (include/messages-read.lua) }.
--@flags no-writes
--@include pages
--@include messages-read
local found = page_of(ARGV[5], string.sub(ARGV[5], 1, 2) == 'mg', ARGV[2], ARGV[3], tonumber(ARGV[4]))
local entries, rows = {}, {}
for i = 1, #found, 2 do
  local row = message_read(message_ref(found[i]))
  if row then rows[#rows + 1] = row end
  entries[#entries + 1] = found[i + 1]
  entries[#entries + 1] = found[i]
  entries[#entries + 1] = row and #rows - 1 or ''
end
return { entries, rows, read_batches }
