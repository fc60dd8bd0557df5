-- Deletes an event with its followers, in whichever shard it is. ARGV: 2 id. Returns how many.
--@include roots
--@include repeat
--@include outbox
local removed = 0
for _, k in ipairs(roots) do removed = removed + outbox_remove(KEYS[k], ARGV[2]) end
return finish(removed)
