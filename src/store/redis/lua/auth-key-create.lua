-- ARGV: 2 id, 3 hash, 4 name, 5 scopes (JSON). Returns when it was created; an error where the id or the hash is taken.
--@include repeat
--@include auth
local id, hash, name, scopes = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if redis.call('EXISTS', root .. 'ak:' .. id, root .. 'ah:' .. hash) > 0 then return redis.error_reply('TAKEN a key of this id') end
redis.call('HSET', root .. 'ak:' .. id, 'h', hash, 'n', name, 's', scopes, 'c', now)
redis.call('SET', root .. 'ah:' .. hash, id)
redis.call('ZADD', root .. 'al', now, micros .. id)
return finish(now)
