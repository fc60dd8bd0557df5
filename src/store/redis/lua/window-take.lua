-- Counts one send against an application's limit. ARGV: 2 application, 3 4 attempts and ms. Returns {0, when} or {ms to wait}.
--@include repeat
--@include windows
local key = root .. 'wa:' .. ARGV[2]
local wait = window_wait(key, ARGV[3], ARGV[4])
if wait > 0 then return finish({ wait }) end
window_add(key, ARGV[4])
return finish({ 0, now })
