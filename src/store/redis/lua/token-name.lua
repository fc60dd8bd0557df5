-- The call's one media token from now on. ARGV: 2 ref, 3 hash. Returns 1, or 0 when there is no such call.
--@include repeat
--@include bearer
local call = bearer_read('d', ARGV[2])
if not call then return 0 end
call.token = ARGV[3]
bearer_write('d', ARGV[2], call)
return finish(1)
