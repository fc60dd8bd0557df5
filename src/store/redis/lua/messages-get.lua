-- ARGV: 2… refs. Returns those that are there (include/messages-read.lua).
--@flags no-writes
--@include messages-read
local refs = {}
for i = 2, #ARGV do refs[#refs + 1] = ARGV[i] end
return messages_answer(refs)
