-- What a send that an application's limit refuses would have met otherwise (in a cluster, where the two limits lie apart).
-- ARGV: 2 pinId or '' for a new one, 3 application, 4 to (of a new one), 5 6 attempts and ms per number. Returns {dead} or {wait, ms}.
--@flags no-writes
--@include windows
local to = ARGV[4]
if ARGV[2] ~= '' then
  local row = redis.call('HMGET', root .. 'p:' .. ARGV[2], 'to', 'seed', 'expires')
  if not row[2] or tonumber(row[3]) <= now then return { 'dead' } end
  to = row[1]
end
return { 'wait', window_wait(root .. 'wn:' .. ARGV[3] .. ':' .. to, ARGV[5], ARGV[6]) }
