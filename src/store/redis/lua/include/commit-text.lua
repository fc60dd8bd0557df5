-- Moves a PIN's text or mail up. Arguments, behind the opId: 1 ref, 2 the state's place (2: ended), 3 carrier's id or '', 4 1 if the caller knows what never changes of it,
--   else '', 5 the PIN that it was made with, if it is known so and was not changed by the caller, else '', 6 report (JSON), events, as JSON of texts that may
--   be '', or '', 7.. timers to cancel, timers to arm
-- Returns {applied (1, 0), the message as it is now, its other text or ''}; no such message: {0}.
--@include commit-events
--@include bearer
--@include sent
wants.g = function(at)
  want(root .. 'g:' .. ARGV[at + 1])
  if ARGV[at + 4] == '' then want(root .. 'ig:' .. ARGV[at + 1]) end
  if ARGV[at + 5] ~= '' then want(root .. 'p:' .. ARGV[at + 5]) end
end

runs.g = function(at, last)
  op = ARGV[at]
  local ref = ARGV[at + 1]
  local lines = young_bearer_lines('g', ref, ARGV[at + 5])
  if not lines then return { 0 } end
  local rest = ARGV[at + 4] == '' and bearer_info('g', ref) or ''
  local state, pin, created, _, tries, answered, sent, token, made, ops, report, dialog, carrier_at = match(lines, BEARER_LINES)
  local carrier = sub(lines, carrier_at)
  local earlier = done_before(ops)
  if earlier then return { tonumber(earlier), lines, rest } end

  local new_report, events = more_of(ARGV[at + 6])
  local applied = tonumber(ARGV[at + 2]) > tonumber(state)
  local named = carrier == '' and ARGV[at + 3] ~= ''
  if not applied and not named then return { 0, lines, rest } end
  if named then
    carrier = ARGV[at + 3]
    mark_sent(pin)
  end
  if applied then
    state = ARGV[at + 2]
    if new_report and new_report ~= '' then report = new_report end
  end
  lines = state .. '\n' .. pin .. '\n' .. created .. '\n' .. now_text .. '\n' .. tries .. '\n' .. answered .. '\n' .. sent .. '\n' .. token .. '\n' ..
    made .. '\n' .. with_done(ops, applied and 1 or 0) .. '\n' .. report .. '\n' .. dialog .. '\n' .. carrier
  text_put(root .. 'g:' .. ref, lines)
  if applied then
    emit_later(events)
    arm_later(cancel_later(at + 7), last)
  end
  return { applied and 1 or 0, lines, rest }
end
