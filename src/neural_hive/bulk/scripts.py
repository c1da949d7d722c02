"""What Redis does in one step, in its own language: a batch is queued whole, a message ends once."""

from __future__ import annotations

PUT = """
local earlier = redis.call('HGET', KEYS[1], 'tag')
if earlier and earlier ~= ARGV[1] then return 'other' end
local waiting = redis.call('XLEN', KEYS[3])
if earlier then
  local open = redis.call('HLEN', KEYS[2]) < tonumber(redis.call('HGET', KEYS[1], 'total'))
  if open and waiting > 0 or not open and redis.call('HGET', KEYS[1], 'dead') == '0' then return 'same' end
end
if waiting == 0 then redis.call('DEL', KEYS[4]) end
local bytes = tonumber(redis.call('GET', KEYS[4]) or '0')
local messages, size = tonumber(ARGV[6]), tonumber(ARGV[7])
if messages > 0 and waiting > 0 and (waiting + messages > tonumber(ARGV[4]) or bytes + size > tonumber(ARGV[5])) then return 'full' end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'tag', ARGV[1], 'total', ARGV[2], 'refused', (#ARGV - 7 - messages) / 2, 'dead', 0)
redis.call('EXPIRE', KEYS[1], ARGV[3])
for place = 8, 7 + messages do redis.call('XADD', KEYS[3], '*', '__data__', ARGV[place]) end
if messages > 0 then redis.call('INCRBY', KEYS[4], size) end
for place = 8 + messages, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[place], ARGV[place + 1]) end
if #ARGV > 7 + messages then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
return 'queued'
"""
"""Keys: batch, outcomes, stream, bytes. Arguments: tag, total, seconds to keep, most messages, most bytes,
messages, bytes of them, the messages, then position and outcome of each line that is refused.
One batch is always let in when nothing waits. A batch that has ended with dead lines is queued anew, and so is one that
has not ended although nothing waits: its messages are lost. The stream may be gone without the counter of its bytes."""

FINISH = """
if redis.call('XACK', KEYS[3], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XDEL', KEYS[3], ARGV[2])
if redis.call('DECRBY', KEYS[4], ARGV[3]) < 0 then redis.call('SET', KEYS[4], '0') end
if ARGV[5] ~= '' then
  if redis.call('HSETNX', KEYS[2], ARGV[5], ARGV[6]) == 1 and ARGV[7] ~= '' then redis.call('HINCRBY', KEYS[1], 'dead', 1) end
  redis.call('EXPIRE', KEYS[1], ARGV[4])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
if ARGV[7] ~= '' then
  local now = redis.call('TIME')
  local oldest = (tonumber(now[1]) - tonumber(ARGV[4])) * 1000
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[10], '*',
    'reason', ARGV[7], 'deliveries', ARGV[8], 'batch', ARGV[11], 'position', ARGV[5], 'message', ARGV[9])
  redis.call('XTRIM', KEYS[5], 'MINID', '~', string.format('%.0f', oldest))
end
return 1
"""
"""Keys: batch, outcomes, stream, bytes, dead letters. Arguments: group, id, bytes of the message, seconds to keep,
position ("" when the message cannot be read), outcome, reason of a dead letter ("" for none), deliveries, the message,
most dead letters, the batch's id.
Gives 0 when another worker was first."""
