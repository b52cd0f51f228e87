-- What all scripts share. Nothing in here trusts what lies under a key: it may be of another type, or anybody's bytes.

local function get(key)
  local found = redis.pcall('GET', key)
  if type(found) == 'string' then return found end
end

local function micros()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- Whether the bytes are one of our entries, whose fields lie at the same place in every layout.
local function is_entry(value)
  return value and #value >= 64 and string.sub(value, 1, 2) == '\193\76'
end

local function birth_of(entry)
  return (struct.unpack('<I8', entry, 17))
end

-- A version is 64 bits wide, more than a number holds exactly, so it is compared in halves.
local function is_less(version, other)
  local low, high = struct.unpack('<I4I4', version)
  local other_low, other_high = struct.unpack('<I4I4', other)
  return high < other_high or high == other_high and low < other_low
end

local NO_VERSION = string.rep('\0', 8)

local function version_of(value)
  return is_entry(value) and string.sub(value, 25, 32) or NO_VERSION
end

local function remembered(key)
  local version = get(key)
  return version and #version == 8 and version or NO_VERSION
end

-- The newest version that is there or has been.
local function newest(value, version_key)
  local there, before = version_of(value), remembered(version_key)
  return is_less(there, before) and before or there
end

-- Never lowered, and kept for the longest of the times asked for.
local function remember(key, version, ttl)
  local before = remembered(key)
  if is_less(version, before) then version = before end
  local left = redis.call('PTTL', key)
  redis.call('SET', key, version, 'PX', math.max(ttl, left))
end

-- A lease is the 16 bytes of its name and the 8 of its birth.
local function lease_of(key)
  local lease = get(key)
  if lease and #lease == 24 then return string.sub(lease, 1, 16), (struct.unpack('<I8', lease, 17)) end
end

local function is_held(key, name)
  return lease_of(key) == name
end

-- Guards are a set of names by the millisecond in which they end. Nothing is written here: to a server that is full, a
-- write that frees nothing must be the first.
local function is_guarded(key)
  local now = string.format('(%.0f', math.floor(micros() / 1000))
  local guards = redis.pcall('ZCOUNT', key, now, '+inf')
  return type(guards) == 'number' and guards > 0
end

-- The last sequence of a chain. What cannot be one counts as none: at some distance the arithmetic would stand still.
local function position(sequence_key)
  local found = tonumber(get(sequence_key) or '0') or 0
  return found >= 0 and found <= micros() + 86400000000 and math.floor(found) or 0
end

-- Gives the invalidation its place in the chain, and announces it.
local function announce(sequence_key, channel, head, body)
  local previous = position(sequence_key)
  local sequence = math.max(previous + 1, micros())
  redis.call('SET', sequence_key, string.format('%.0f', sequence))
  if channel ~= '' then
    local message = head .. struct.pack('<I8I8', previous, sequence) .. body
    redis.call('PUBLISH', channel, message)
    -- Only if somebody keeps a log. One that does not take it has a gap, which its readers see.
    local log, id = string.sub(sequence_key, 1, -2) .. 'x', string.format('%.0f-0', sequence)
    redis.pcall('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', 1000, id, 'm', message)
  end
  return {string.format('%.0f', previous), string.format('%.0f', sequence)}, sequence
end
