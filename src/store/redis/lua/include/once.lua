-- Makes a script happen once: KEYS[2] holds the first result of this opId. ioredis sends a command again when its reply was
-- lost with the connection, and then the first result is returned (or, with `again`, what the script says to a repeated call).
-- Must be included before the first write. Both keys being declared also makes a cluster refuse (TRYAGAIN) while it moves
-- the slot: KEYS[2] is there or not, and no script may run on half a shard.
--@include in-time
--@include finish
local first = redis.call('GET', KEYS[2])
