-- Deletes an event with its followers, if it is in this shard. ARGV: 2 id. Returns how many.
--@include repeat
--@include outbox
return finish(outbox_remove(ARGV[2]))
