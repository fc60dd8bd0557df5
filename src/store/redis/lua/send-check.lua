-- What a send that an application's limit refuses would have met otherwise (in a cluster, where the two limits lie apart).
-- ARGV: 2 pinId or '' for a new one, 3 application, 4 to (of a new one), 5 6 attempts and ms per number. Returns {dead} or {wait, ms}.
--@flags no-writes
--@include number
--@include pin
local to = ARGV[4]
if ARGV[2] ~= '' then
  local pin = pin_read(ARGV[2])
  if not pin or pin.seed == '' or tonumber(pin.expires) <= now then return { 'dead' } end
  to = pin.to
end
return { 'wait', number_wait(text_get(root .. 'n:' .. to), ARGV[3], ARGV[5], ARGV[6]) }
