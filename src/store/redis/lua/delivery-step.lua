-- Moves a call up its lattice. Its carrier's id, while none is known, and the saved dialogue are taken in any state.
-- ARGV: 2 ref, 3 the state's place in the lattice (4: ended), 4 carrier's id or '', 5 report (JSON) or '', 6 when it was answered by
--   that report or '', 7 dialogue (JSON of its text) or '', 8 events, 9 unused, 10 the carrier's name, if the caller knows what never changes
--   of the call, else '', 11.. timers to cancel, timers to arm
-- Returns {applied (1, 0), the call as it is now, the rest or ''}; no such call: {0}.
local step_message
--@include delivery-step
