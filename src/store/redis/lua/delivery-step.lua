-- Moves a call up its lattice. Its carrier's id, while none is known, and the saved dialogue are taken in any state.
-- ARGV: 2 ref, 3 the state's place in the lattice (4: ended), 4 =carrier's id or '', 5 report (JSON) or '', 6 when it was answered by
--   that report or '', 7 =dialogue or '', 8 events, 9 unused, 10.. timers to cancel, timers to arm
-- Returns {applied (1, 0), fields before, fields changed}; no such call: {0}. Repeated: {applied, fields, {}}.
local step_message
--@include delivery-step
