-- The store's time in ms.
--@flags no-writes
--@include time
return now
