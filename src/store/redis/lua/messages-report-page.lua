-- A page of an index of messages. KEYS: roots. ARGV: 2 and 3 cursor (include/pages.lua), 4 how many, 5 the index: mr:<channel>, oldest
-- first, or mg:<channel>, newest first.
-- Returns { score, member, place of the row below or '' of each, one after the other, messages (include/messages-read.lua) }.
--@flags no-writes
--@include pages
--@include messages-read
local entries, rows = {}, {}
for _, entry in ipairs(page_of(ARGV[5], string.sub(ARGV[5], 1, 2) == 'mg', ARGV[2], ARGV[3], tonumber(ARGV[4]))) do
  local row = message_read(KEYS[entry[3]], message_ref(entry[2]))
  if row then rows[#rows + 1] = row end
  entries[#entries + 1] = entry[1]
  entries[#entries + 1] = entry[2]
  entries[#entries + 1] = row and #rows - 1 or ''
end
return { entries, rows, read_batches }
