-- Makes the unit where it is missing, gives it a new owner, returns its meta. A commit of the former owner is refused
-- from here on, and its segment is closed.
-- KEYS meta  ARGV format, token, start offset, its watermark, its _at
local meta = KEYS[1]
if redis.call('EXISTS', meta) == 0 then
  redis.call('HSET', meta, 'format', ARGV[1], 'cursor', ARGV[3], 'watermark', ARGV[4], 'at', ARGV[5],
    'base', ARGV[3], 'base_watermark', ARGV[4], 'base_at', ARGV[5])
elseif redis.call('HGET', meta, 'format') ~= ARGV[1] then
  return redis.call('HGETALL', meta)
end
-- A write that Redis never refuses comes first, so that a unit can change hands, and then shrink, when memory is full.
redis.call('HDEL', meta, 'open')
redis.call('HSET', meta, 'token', ARGV[2])
return redis.call('HGETALL', meta)
