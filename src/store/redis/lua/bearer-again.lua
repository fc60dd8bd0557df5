-- Write-ahead of a further dial or try. ARGV: 2 kind of bearer (d, g), 3 ref, 4 dials or tries expected, 5.. timers to arm.
-- Returns {the bearer as it is now, the rest}, nil where it does not apply.
--@include once
--@include bearer
--@include timers
--@include wanted
local kind, ref = ARGV[2], ARGV[3]
local bearer, lines = bearer_read(kind, ref)
if not bearer then return false end
if not first then
  if bearer.state ~= '0' or bearer.carrier ~= '' or tonumber(bearer.tries) ~= tonumber(ARGV[4]) then return false end
  if not still_wanted(bearer.pin, bearer.created) then return false end
  bearer.tries, bearer.updated = string.format('%d', bearer.tries + 1), now_text
  lines = bearer_write(kind, ref, bearer)
  arm_timers(5)
  finish(1)
end
return { lines, bearer_info(kind, ref) }
