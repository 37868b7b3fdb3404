-- One commit: all or nothing. Nothing is written before the fence has been checked, and the first write is an HSET: where
-- Redis has no room, or a key is no hash, it fails there.
-- KEYS meta  ARGV token, cursor it began with, new cursor, watermark, _at, the segment's from, its entry (or ''),
--            then field, value, field, value …
local meta = KEYS[1]
local token, from, to, segment = ARGV[1], ARGV[2], ARGV[3], ARGV[6]
local now = redis.call('HMGET', meta, 'token', 'cursor', 'open')
if not now[2] then return 'gone' end
if now[1] ~= token then return 'owner' end -- fault: cursor_only_fence
if now[2] ~= from then return 'cursor' end
if segment ~= from and segment ~= now[3] then return 'segment' end -- fault: cursor_only_fence
local name = ':' .. segment .. ':' .. token
for i = 8, #ARGV, 7000 do -- even, and below what unpack can take
  redis.call('HSET', meta .. name, unpack(ARGV, i, math.min(i + 6999, #ARGV)))
end
redis.call('HSET', meta, 'cursor', to, 'watermark', ARGV[4], 'at', ARGV[5], 'open', segment)
if ARGV[7] ~= '' then redis.call('HSET', meta, 's' .. name, ARGV[7]) end
return 'done'
