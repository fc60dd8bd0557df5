-- Counts one send against an application's limit. ARGV: 2 application, 3 4 attempts and ms. Returns {0, when} or {ms to wait}.
--@include repeat
--@include application-window
local wait = application_add(ARGV[2], ARGV[3], ARGV[4])
if wait > 0 then return finish({ wait }) end
return finish({ 0, now })
