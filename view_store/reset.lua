-- Empties the unit and restarts it at the given position, for the same owner with a new token.
-- KEYS meta  ARGV token, start offset, its watermark, its _at, new token
local meta = KEYS[1]
local now = redis.call('HMGET', meta, 'token', 'cursor')
if not now[2] then return 'gone' end
if now[1] ~= ARGV[1] then return 'owner' end
for _, name in ipairs(redis.call('HKEYS', meta)) do
  if string.sub(name, 1, 2) == 's:' then
    redis.call('HDEL', meta, name)
    redis.call('UNLINK', meta .. string.sub(name, 2))
  end
end
redis.call('UNLINK', meta .. ':state')
redis.call('HDEL', meta, 'open', 'run') -- Redis never refuses this, so it does not refuse the next line either
redis.call('HSET', meta, 'token', ARGV[5], 'cursor', ARGV[2], 'watermark', ARGV[3], 'at', ARGV[4],
  'base', ARGV[2], 'base_watermark', ARGV[3], 'base_at', ARGV[4])
return 'done'
