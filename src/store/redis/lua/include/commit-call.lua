-- Moves a call up its lattice. Its carrier's id, while none is known, and the saved dialogue are taken in any state.
-- Arguments, behind the opId: 1 ref, 2 the state's place in the lattice (4: ended), 3 carrier's id or '', 4 the carrier's name, if the caller knows what never changes of the
--   call, else '', 5 the PIN that it was made with, if it is known so and was not changed by the caller, else '', 6 report (JSON), when it was answered by that
--   report, dialogue (JSON of its text), events, the step of the message that it brings (only in commit-message), all as JSON of texts that may be '', or '',
--   7.. timers to cancel, timers to arm
-- Returns {applied (1, 0), the call as it is now, its other text or ''}; no such call: {0}.
--@include commit-events
--@include bearer
--@include sent
local CALL_KNOWN_MS = 7 * 86400000
local call_step_message

wants.d = function(at)
  want(root .. 'd:' .. ARGV[at + 1])
  if ARGV[at + 4] == '' then want(root .. 'id:' .. ARGV[at + 1]) end
  if ARGV[at + 5] ~= '' then want(root .. 'p:' .. ARGV[at + 5]) end
end

runs.d = function(at, last)
  op = ARGV[at]
  local ref = ARGV[at + 1]
  local lines = young_bearer_lines('d', ref, ARGV[at + 5])
  if not lines then return { 0 } end
  local rest = ARGV[at + 4] == '' and bearer_info('d', ref) or ''
  local state, pin, created, _, tries, answered, sent, token, made, ops, report, dialog, carrier_at = match(lines, BEARER_LINES)
  local carrier = sub(lines, carrier_at)
  local earlier = done_before(ops)
  if earlier then return { tonumber(earlier), lines, rest } end

  local to, carrier_id = ARGV[at + 2], ARGV[at + 3]
  local new_report, answered_at, said_text, events, step = more_of(ARGV[at + 6])
  local applied = tonumber(to) > tonumber(state)
  local named, said = carrier == '' and carrier_id ~= '', said_text and said_text ~= '' and said_text ~= dialog
  if not applied and not named and not said then return { 0, lines, rest } end
  if named then carrier = carrier_id end
  if said then dialog = said_text end
  if applied then
    state = to
    if new_report and new_report ~= '' then report = new_report end
    if answered == '' then answered = to == '3' and now_text or answered_at or '' end
  end
  -- Ended without the carrier ever naming the call: it was never handed over.
  if pin ~= '' and sent == '' and (carrier ~= '' or (state ~= '0' and state ~= '4')) then
    mark_sent(pin)
    sent = '1'
  end
  lines = state .. '\n' .. pin .. '\n' .. created .. '\n' .. now_text .. '\n' .. tries .. '\n' .. answered .. '\n' .. sent .. '\n' .. token .. '\n' ..
    made .. '\n' .. with_done(ops, applied and 1 or 0) .. '\n' .. report .. '\n' .. dialog .. '\n' .. carrier
  text_put(root .. 'd:' .. ref, lines)
  if named then
    local name = ARGV[at + 4] ~= '' and ARGV[at + 4] or match(rest, '"carrier":"([^"]*)"')
    text_put(root .. 'dq:' .. name .. ':' .. carrier, ref, CALL_KNOWN_MS)
  end
  if applied then
    emit_later(events)
    arm_later(cancel_later(at + 7), last)
    if step and step ~= '' then
      afterwards(function() call_step_message(step) end)
    end
  end
  return { applied and 1 or 0, lines, rest }
end
