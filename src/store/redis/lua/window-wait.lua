-- ms until a send limit lets one more through. ARGV: 2 application, 3 to, or '' for the application's own limit, 4 5 attempts and ms.
--@flags no-writes
--@include application-window
--@include number
local application, to = ARGV[2], ARGV[3]
if to == '' then return application_wait(application, ARGV[4], ARGV[5]) end
return number_wait(text_get(root .. 'n:' .. to), application, ARGV[4], ARGV[5])
