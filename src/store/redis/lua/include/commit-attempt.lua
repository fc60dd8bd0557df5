-- Verification, in the order that tells a stranger least (sqlite/attempts.ts has the reasons).
-- Arguments, behind the opId: 1 pinId, 2 expected, 3 candidate, 4 numbers: attempts and ms of the verify limit, and, if there is one, of the failure cap, 5 events when
--   it is verified for the first time, and when the last attempt was wrong, as JSON, or ''
-- Returns {unknown}, {limited, ms} or {outcome, to, attempts remaining} and, when verified, the refs of its calls that are not over. That the limit
-- refused changes nothing and is not remembered.
--@include commit-events
--@include pin
--@include windows
--@include finish
--@include live-calls
local DECOY = '00000000000000000000000000000000\n+41000000000\n0000000000000\n0000000000000\n0000000000000000\n9\n0\nactive\n0\n\n\n\n\n' ..
  '0000000000000000000000000000\n["00000000000000000000000000000000","NUMERIC",4,"k1",60000000]\nd:00000000000000000000000000000000 '
-- Lines up to `ops`, in part as one, and where the rest begins.
local TRIED_LINES = '^((%C*)\n([^\n]*)\n%C*\n(%C*)\n%C*\n(%C*)\n)(%C*)\n(%C*)\n(%C*)\n(%C*)\n(%C*)\n(%C*)\n(%C*)\n()'
local REST_LINES = '^[^\n]*(\n[^\n]*\n([^\n]*))$'

wants.v = function(at) want(root .. 'p:' .. ARGV[at + 1]) end

runs.v = function(at)
  op = ARGV[at]
  local key = root .. 'p:' .. ARGV[at + 1]
  -- A PIN that does not exist costs the same work, on decoys: time does not tell the two apart.
  local lines = text_get(key)
  local decoy = not lines
  if decoy then key, lines = root .. 'decoy', DECOY end
  local head, application, to, expires, allowed, used, state, multiple, verified, last, sent, ops, rest_at = match(lines, TRIED_LINES)
  local rest = sub(lines, rest_at)

  local function erase_seed() rest = match(rest, REST_LINES) end
  -- The answer to a comparison; its calls that are not over, as they are now.
  local function compared(outcome, remaining)
    local result = { outcome, to, tonumber(remaining) }
    if outcome ~= 'verified' then return result end
    local _, by = match(rest, REST_LINES)
    return live_calls(result, by)
  end
  local before = done_before(ops)
  if before then return compared(match(before, '^(%a+),(%d+)$')) end

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
  local asked = root .. 'wv:' .. whose
  local limit, limit_ms, cap, cap_ms = unpack(numbers_in(ARGV[at + 4]))
  local failures = cap and root .. 'wf:' .. whose
  local times, failed = text_get(asked), cap and text_get(failures)
  local cap_wait = cap and not ended and window_wait(failed, cap, cap_ms) or 0
  -- What is not compared leaves no trace in the PIN, but was counted by the verify limit.
  local uncompared = not decoy and (ended or (cap_wait > 0 and 'capped'))
  if uncompared then
    local first = text_get(root .. 'o:' .. op)
    if first then return cmsgpack.unpack(first) end
  end
  local wait = window_wait(times, limit, limit_ms)
  if wait > 0 and not decoy then return { 'limited', wait } end

  -- Counts it by the verify limit, and writes the PIN as it is now.
  local function write()
    window_add(asked, not decoy and times, limit_ms)
    text_put(key, head .. used .. '\n' .. state .. '\n' .. multiple .. '\n' .. verified .. '\n' .. last .. '\n' .. sent .. '\n' .. ops .. '\n' .. rest)
  end
  if decoy then
    ops = with_done('', 'unknown')
    write()
    return { 'unknown' }
  end
  if uncompared then
    -- Its seed goes with its last use.
    if ended then erase_seed() end
    local result = { uncompared, to, remaining }
    text_put(root .. 'o:' .. op, cmsgpack.pack(result), REMEMBERED_MS)
    write()
    return result
  end

  -- Counted, then compared, in one step. Both are keyed digests for this attempt alone: that a comparison of strings takes
  -- longer the more they have in common says nothing of the PIN. An empty `expected` is equal to nothing.
  used, remaining = string.format('%d', used + 1), remaining - 1
  local right = ARGV[at + 2] ~= '' and ARGV[at + 2] == ARGV[at + 3]
  if right then
    state, last = 'verified', now_text
    if not verified_before then verified = now_text end
  end
  if remaining == 0 or (right and not many) then erase_seed() end
  local outcome = right and 'verified' or 'wrong'
  ops = with_done(ops, outcome .. ',' .. remaining)
  local result = compared(outcome, remaining)
  local events, exhausted_events = more_of(ARGV[at + 5])
  write()
  if right then
    text_put(root .. 'wf:' .. whose, false)
    if not verified_before then emit_later(events) end
  else
    if cap then window_add(failures, failed, cap_ms) end
    -- A PIN that was verified before has not come to a bad end.
    if remaining == 0 and not verified_before then emit_later(exhausted_events) end
  end
  return result
end
