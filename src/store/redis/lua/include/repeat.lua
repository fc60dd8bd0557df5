-- A repeated call gets the very result of the first one.
--@include once
if first then return cmsgpack.unpack(first) end
