-- Creates the unit if it is missing, gives it a new owner, returns its meta. From here on a commit of the former owner
-- is refused, and its segment is closed. A unit of the former format, "1", has entries without the bytes of their
-- cells; they get what Redis uses for the segment, which is more.
-- KEYS meta  ARGV format, token, start offset, its watermark, its _at
local meta = KEYS[1]
local format = redis.call('HGET', meta, 'format')
if redis.call('EXISTS', meta) == 0 then
  redis.call('HSET', meta, 'format', ARGV[1], 'cursor', ARGV[3], 'watermark', ARGV[4], 'at', ARGV[5],
    'base', ARGV[3], 'base_watermark', ARGV[4], 'base_at', ARGV[5])
elseif format ~= ARGV[1] and format ~= '1' then
  return redis.call('HGETALL', meta)
end
-- A write that Redis never refuses comes first, so a unit can change hands, and then shrink, when memory is full.
redis.call('HDEL', meta, 'open')
redis.call('HSET', meta, 'token', ARGV[2])
if format == '1' then
  local all = redis.call('HGETALL', meta)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 's:' then
      local bytes = redis.pcall('MEMORY', 'USAGE', meta .. string.sub(all[i], 2))
      redis.call('HSET', meta, all[i], all[i + 1] .. ' ' .. (type(bytes) == 'number' and bytes or 0))
    end
  end
  redis.call('HSET', meta, 'format', ARGV[1])
end
return redis.call('HGETALL', meta)
