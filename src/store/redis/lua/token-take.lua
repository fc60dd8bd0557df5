-- Spends a media token. ARGV: 2 hash. Returns the ref of its call; nil when it is unknown, spent or over.
--@include repeat
local token = redis.call('GETDEL', root .. 'k:' .. ARGV[2])
if not token then return false end
local expires, ref = string.match(token, '^(%d+)|(.*)$')
return finish(tonumber(expires) > now and ref)
