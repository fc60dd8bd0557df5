-- Verification, in the order that tells a stranger least (sqlite/attempts.ts has the reasons).
-- Arguments: 1 pinId, 2 expected, 3 candidate, 4 5 attempts and ms of the verify limit, 6 7 of the failure cap or '', 8 events when it is verified
--   for the first time, 9 events when the last attempt was wrong
-- Returns {unknown}, {limited, ms} or {outcome, to, attempts remaining} and, when verified, the refs of its calls that are not over. That the limit
-- refused changes nothing and is not remembered.
--@include commit-events
--@include pin
--@include windows
--@include finish
--@include live-calls
local DECOY = '00000000000000000000000000000000\n+41000000000\n0\n0\n9\n0\nactive\n0\n\n\n\n\n\n\n\n\n'

wants.v = function(at) want(root .. 'p:' .. ARGV[at + 1]) end

runs.v = function(at)
  local key = root .. 'p:' .. ARGV[at + 1]
  -- A PIN that does not exist costs the same work, on decoys: time does not tell the two apart.
  local lines = text_get(key)
  local decoy = not lines
  if decoy then key, lines = root .. 'decoy', DECOY end
  local application, to, created, expires, allowed, used, state, multiple, verified, last, sent, seed, order_text, made, by, ops, info =
    string.match(lines, PIN_LINES)

  -- The answer to a comparison; its calls that are not over, as they are now.
  local function compared(outcome, remaining)
    local result = { outcome, to, tonumber(remaining) }
    if outcome ~= 'verified' then return result end
    return live_calls(result, by)
  end
  local before = done_before(ops)
  if before then return compared(string.match(before, '^(%a+),(%d+)$')) end

  local many, verified_before, remaining = multiple == '1', verified ~= '', allowed - used
  -- What ended the PIN, in an order that does not change as time goes by.
  local ended
  if state == 'verified' and not many then
    ended, remaining = 'used', 0
  elseif remaining <= 0 then
    ended = 'exhausted'
  elseif state == 'superseded' or state == 'cancelled' then
    ended = state
  elseif tonumber(expires) <= now then
    ended = 'expired'
  end
  local whose = application .. ':' .. to
  local asked, failures, own = root .. 'wv:' .. whose, root .. 'wf:' .. whose, root .. 'o:' .. op
  local capped = ARGV[at + 6] ~= ''
  local times, failed = text_get(asked), capped and text_get(failures)
  local cap_wait = capped and not ended and window_wait(failed, ARGV[at + 6], ARGV[at + 7]) or 0
  -- What is not compared leaves no trace in the PIN, but was counted by the verify limit.
  local uncompared = not decoy and (ended or (cap_wait > 0 and 'capped'))
  if uncompared then
    local first = text_get(own)
    if first then return cmsgpack.unpack(first) end
  end
  local wait = window_wait(times, ARGV[at + 4], ARGV[at + 5])
  if wait > 0 and not decoy then return { 'limited', wait } end

  -- Counts it by the verify limit, and writes the PIN as it is now.
  local function write()
    window_add(asked, not decoy and times, ARGV[at + 5])
    text_put(key, application .. '\n' .. to .. '\n' .. created .. '\n' .. expires .. '\n' .. allowed .. '\n' .. used .. '\n' .. state .. '\n' ..
      multiple .. '\n' .. verified .. '\n' .. last .. '\n' .. sent .. '\n' .. seed .. '\n' .. order_text .. '\n' .. made .. '\n' .. by .. '\n' ..
      ops .. '\n' .. info)
  end
  if decoy then
    ops = with_done('', 'unknown')
    write()
    return { 'unknown' }
  end
  if uncompared then
    -- Its seed goes with its last use.
    if ended then seed = '' end
    local result = { uncompared, to, remaining }
    text_put(own, cmsgpack.pack(result), REMEMBERED_MS)
    write()
    return result
  end

  -- Counted, then compared, in one step. Both are keyed digests for this attempt alone: that a comparison of strings takes
  -- longer the more they have in common says nothing of the PIN. An empty `expected` is equal to nothing.
  used, remaining = string.format('%.0f', used + 1), remaining - 1
  local right = ARGV[at + 2] ~= '' and ARGV[at + 2] == ARGV[at + 3]
  if right then
    state, last = 'verified', now_text
    if not verified_before then verified = now_text end
  end
  if remaining == 0 or (right and not many) then seed = '' end
  local outcome = right and 'verified' or 'wrong'
  ops = with_done(ops, outcome .. ',' .. remaining)
  local result = compared(outcome, remaining)
  write()
  if right then
    text_put(failures, false)
    if not verified_before then emit_later(ARGV[at + 8]) end
  else
    if capped then window_add(failures, failed, ARGV[at + 7]) end
    -- A PIN that was verified before has not come to a bad end.
    if remaining == 0 and not verified_before then emit_later(ARGV[at + 9]) end
  end
  return result
end
