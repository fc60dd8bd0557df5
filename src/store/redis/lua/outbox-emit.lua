-- Writes events by themselves. ARGV: 2 events (include/outbox.lua). Returns 1.
--@include repeat
--@include outbox
outbox_emit(ARGV[2])
return finish(1)
