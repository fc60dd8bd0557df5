-- ARGV: 2 name. Returns the user (include/auth.lua), or nil.
--@flags no-writes
--@include auth
return auth_user(ARGV[2]) or nil
