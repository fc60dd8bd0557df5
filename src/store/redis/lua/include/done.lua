-- For records that remember the calls that changed them (ops.lua). KEYS[2] is kept only for what left no trace in the record (`finish`), and
-- read with the record.
--@include in-time
--@include finish
--@include ops
op = string.sub(KEYS[2], #root + 3)
