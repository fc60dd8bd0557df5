-- Verification, in the order that tells a stranger least (sqlite/attempts.ts has the reasons).
-- ARGV: 2 pinId, 3 expected, 4 candidate, 5 6 attempts and ms of the verify limit, 7 8 of the failure cap or '', 9 events when it
--   is verified for the first time, 10 events when the last attempt was wrong
-- Returns {unknown}, {limited, ms} or {outcome, to, attempts remaining} and, when verified, the refs of its calls that are not over.
--@include done
--@include windows
--@include outbox-emit
--@include verifications
if first then return cmsgpack.unpack(first) end
local key = root .. 'p:' .. ARGV[2]
local row = redis.call('HMGET', key, 'app', 'to', 'allowed', 'used', 'expires', 'state', 'multiple', 'verified', 'ops')
local application, to = row[1], row[2]

if not application then
  -- The same work as for a PIN that exists, on decoys: time does not tell the two apart.
  local decoy = root .. 'decoy'
  window_wait(decoy .. 's', ARGV[5], ARGV[6])
  redis.call('DEL', decoy .. 's')
  window_add(decoy .. 's', ARGV[6])
  redis.call('HSET', decoy, 'used', now_text, 'comparisons', now_text, 'ops', with_done(nil, 'unknown'))
  return { 'unknown' }
end

-- The answer to a comparison; its calls that are not over, as they are now.
local function compared(outcome, remaining)
  local result = { outcome, to, tonumber(remaining) }
  if outcome == 'wrong' then return result end
  return live_calls(result, ARGV[2])
end
local before = done_before(row[9])
if before then return compared(string.match(before, '^(%a+),(%d+)$')) end

local whose = application .. ':' .. to
local asked = root .. 'wv:' .. whose
local wait = window_wait(asked, ARGV[5], ARGV[6])
if wait > 0 then return finish({ 'limited', wait }) end
window_add(asked, ARGV[6])

local allowed, used, state = tonumber(row[3]), tonumber(row[4] or 0), row[6] or 'active'
local many, verified_before = row[7] == '1', row[8]
local remaining = allowed - used

-- What ended the PIN, in an order that does not change as time goes by.
local function over()
  if state == 'verified' and not many then return 'used' end
  if used >= allowed then return 'exhausted' end
  if state == 'superseded' or state == 'cancelled' then return state end
  if tonumber(row[5]) <= now then return 'expired' end
end
local ended = over()
if ended then
  redis.call('HDEL', key, 'seed')
  return finish({ ended, to, ended == 'used' and 0 or remaining })
end

local failures = root .. 'wf:' .. whose
local capped = ARGV[7] ~= ''
if capped and window_wait(failures, ARGV[7], ARGV[8]) > 0 then return finish({ 'capped', to, remaining }) end

-- Counted, then compared, in one step. Both are keyed digests for this attempt alone: that a comparison of strings takes
-- longer the more they have in common says nothing of the PIN. An empty `expected` is equal to nothing.
remaining = remaining - 1
local right = ARGV[3] ~= '' and ARGV[3] == ARGV[4]
local outcome = right and 'verified' or 'wrong'
local used_text = string.format('%.0f', used + 1)
local changes = { 'used', used_text, 'comparisons', used_text, 'ops', with_done(row[9], outcome .. ',' .. remaining) }
if right then
  changes[7], changes[8], changes[9], changes[10] = 'state', 'verified', 'last_verified', now_text
  if not verified_before then changes[11], changes[12] = 'verified', now_text end
end
redis.call('HSET', key, unpack(changes))
if remaining == 0 or (right and not many) then redis.call('HDEL', key, 'seed') end
if right then
  redis.call('DEL', failures)
  if not verified_before then outbox_emit(ARGV[9]) end
else
  if capped then window_add(failures, ARGV[8]) end
  -- A PIN that was verified before has not come to a bad end.
  if remaining == 0 and not verified_before then outbox_emit(ARGV[10]) end
end
return compared(outcome, remaining)
