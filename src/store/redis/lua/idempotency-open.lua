-- Claims an Idempotency-Key. ARGV: 2 name, 3 fingerprint, 4 subject, 5 lease in ms, 6 ms to keep it.
-- Returns {yours, subject, resumed (1, 0)}, {busy}, {mismatch} or {done, status, body}.
--   x:<name>   HASH f fingerprint, s subject, l when the lease ends, x when it is forgotten, t status, b body
-- The TTL only clears away what is over by `x` already.
--@include repeat
local SLACK_MS = 60000
local key = root .. 'x:' .. ARGV[2]
local fingerprint, subject, lease, ends, status, body = unpack(redis.call('HMGET', key, 'f', 's', 'l', 'x', 't', 'b'))
if not ends or tonumber(ends) <= now then
  redis.call('DEL', key)
  redis.call('HSET', key, 'f', ARGV[3], 's', ARGV[4], 'l', now + ARGV[5], 'x', now + ARGV[6])
  redis.call('PEXPIRE', key, ARGV[6] + SLACK_MS)
  return finish({ 'yours', ARGV[4], 0 })
end
if fingerprint ~= ARGV[3] then return { 'mismatch' } end
if status then return { 'done', tonumber(status), body } end
if tonumber(lease) > now then return { 'busy' } end
redis.call('HSET', key, 'l', now + ARGV[5])
return finish({ 'yours', subject, 1 })
