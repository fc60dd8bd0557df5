-- Verification, in the order that tells a stranger least (sqlite/attempts.ts has the reasons).
-- ARGV: 2 pinId, 3 expected, 4 candidate, 5 6 attempts and ms of the verify limit, 7 8 of the failure cap or '', 9 events when it
--   is verified for the first time, 10 events when the last attempt was wrong
-- Returns {unknown}, {limited, ms} or {outcome, to, attempts remaining} and, when verified, the refs of its calls that are not over.
--@include done
--@include pin
--@include windows
--@include outbox-emit
--@include live-calls
local key = root .. 'p:' .. ARGV[2]
local found = redis.call('MGET', KEYS[2], key)
if found[1] then return cmsgpack.unpack(found[1]) end
-- A PIN that does not exist costs the same work, on decoys: time does not tell the two apart.
local decoy = not found[2]
if decoy then key = root .. 'decoy' end
local lines = found[2] or '00000000000000000000000000000000\n+41000000000\n0\n0\n9\n0\nactive\n0\n\n\n\n\n\n\n\n\n'
local application, to, created, expires, allowed, used, state, multiple, verified, last, sent, seed, order, made, by, ops, info =
  string.match(lines, PIN_LINES)

-- The answer to a comparison; its calls that are not over, as they are now.
local function compared(outcome, remaining)
  local result = { outcome, to, tonumber(remaining) }
  if outcome == 'wrong' then return result end
  return live_calls(result, by)
end
local before = done_before(ops)
if before then return compared(string.match(before, '^(%a+),(%d+)$')) end

local whose = application .. ':' .. to
local asked, failures = root .. 'wv:' .. whose, root .. 'wf:' .. whose
local capped = ARGV[7] ~= ''
local times, failed = redis.call('GET', asked), capped and redis.call('GET', failures)
local wait = window_wait(times, ARGV[5], ARGV[6])
if wait > 0 and not decoy then return finish({ 'limited', wait }) end
window_add(asked, not decoy and times, ARGV[6])

-- Writes the PIN as it is now. Its seed goes with its last use.
local function write()
  redis.call('SET', key, application .. '\n' .. to .. '\n' .. created .. '\n' .. expires .. '\n' .. allowed .. '\n' .. used .. '\n' .. state .. '\n' ..
    multiple .. '\n' .. verified .. '\n' .. last .. '\n' .. sent .. '\n' .. seed .. '\n' .. order .. '\n' .. made .. '\n' .. by .. '\n' .. ops ..
    '\n' .. info)
end
if decoy then
  ops = with_done('', 'unknown')
  write()
  return { 'unknown' }
end
local many, verified_before, remaining = multiple == '1', verified ~= '', allowed - used

-- What ended the PIN, in an order that does not change as time goes by.
local ended
if state == 'verified' and not many then
  ended = 'used'
elseif remaining <= 0 then
  ended = 'exhausted'
elseif state == 'superseded' or state == 'cancelled' then
  ended = state
elseif tonumber(expires) <= now then
  ended = 'expired'
end
if ended then
  if seed ~= '' then
    seed = ''
    write()
  end
  return finish({ ended, to, ended == 'used' and 0 or remaining })
end
if capped and window_wait(failed, ARGV[7], ARGV[8]) > 0 then return finish({ 'capped', to, remaining }) end

-- Counted, then compared, in one step. Both are keyed digests for this attempt alone: that a comparison of strings takes
-- longer the more they have in common says nothing of the PIN. An empty `expected` is equal to nothing.
used, remaining = string.format('%.0f', used + 1), remaining - 1
local right = ARGV[3] ~= '' and ARGV[3] == ARGV[4]
local outcome = right and 'verified' or 'wrong'
ops = with_done(ops, outcome .. ',' .. remaining)
if right then
  state, last = 'verified', now_text
  if not verified_before then verified = now_text end
end
if remaining == 0 or (right and not many) then seed = '' end
write()
if right then
  redis.call('DEL', failures)
  if not verified_before then outbox_emit(ARGV[9]) end
else
  if capped then window_add(failures, failed, ARGV[8]) end
  -- A PIN that was verified before has not come to a bad end.
  if remaining == 0 and not verified_before then outbox_emit(ARGV[10]) end
end
return compared(outcome, remaining)
