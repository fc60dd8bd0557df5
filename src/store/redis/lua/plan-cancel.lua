-- Ends a pending PIN. ARGV: 2 pinId, 3 events. Returns {unknown}, {over} or {cancelled} and the refs of its calls that are not over.
--@include repeat
--@include pin
--@include outbox-emit
--@include live-calls
--@include verifications
local id = ARGV[2]
local pin = pin_read(id)
if not pin then return { 'unknown' } end
if not pin_pending(pin) then return finish({ 'over' }) end
pin.state, pin.seed = 'cancelled', ''
pin_write(id, pin)
outbox_emit(ARGV[3])
return finish(live_calls({ 'cancelled' }, pin.by))
