-- ARGV: 2 kind, 3 hash. Returns 1, or 0: there was none to end.
--@include repeat
--@include auth
if not auth_token_end(ARGV[2], ARGV[3]) then return finish(0) end
return finish(auth_end_token(ARGV[3]))
