-- ARGV: 2 id. Returns the logged event (include/events.lua), nil where there is none.
--@flags no-writes
--@include events
return logged_read(ARGV[2]) or false
