-- Sends one film again and again over one connection a thread, and counts every answer by its status.
-- `wrk` mixes the times of all answers; here only those of 200 are kept, one by one, for the percentiles.
-- arguments: file of the film, text that a right answer holds
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } hilum_time;
  int clock_gettime(int clock, hilum_time *time);
]]
local MONOTONIC = 1
local time = ffi.new("hilum_time")

local function now_ms()
  ffi.C.clock_gettime(MONOTONIC, time)
  return tonumber(time.seconds) * 1000 + tonumber(time.nanoseconds) / 1e6
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["Content-Type"] = "application/octet-stream"
  file:close()
  right, statuses, accepted_ms, refused_ms, wrong, without_retry_after = arguments[2], {}, {}, {}, 0, 0
  sent = wrk.format()
end

function request()
  began_ms = now_ms()
  return sent
end

function response(status, headers, body)
  local took_ms = now_ms() - began_ms
  statuses[tostring(status)] = (statuses[tostring(status)] or 0) + 1
  if status == 200 then
    table.insert(accepted_ms, took_ms)
    if not body:find(right, 1, true) then wrong = wrong + 1 end
  elseif status == 503 then
    table.insert(refused_ms, took_ms)
    local has = false
    for name in pairs(headers) do has = has or name:lower() == "retry-after" end
    if not has then without_retry_after = without_retry_after + 1 end
  end
end

local function joined(name)
  local all = {}
  for _, thread in ipairs(threads) do
    for _, value in ipairs(thread:get(name)) do table.insert(all, string.format("%.2f", value)) end
  end
  return "[" .. table.concat(all, ",") .. "]"
end

local function total(name)
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + thread:get(name) end
  return sum
end

function done(summary)
  local counts, words = {}, {}
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("statuses")) do counts[status] = (counts[status] or 0) + count end
  end
  for status, count in pairs(counts) do table.insert(words, string.format('"%s":%d', status, count)) end
  local errors = summary.errors
  print(string.format(
    'JSON {"statuses":{%s},"wrong":%d,"without_retry_after":%d,"seconds":%.3f,"connect":%d,"read":%d,"write":%d,"timeout":%d,"accepted_ms":%s,"refused_ms":%s}',
    table.concat(words, ","), total("wrong"), total("without_retry_after"), summary.duration / 1e6,
    errors.connect, errors.read, errors.write, errors.timeout, joined("accepted_ms"), joined("refused_ms")))
end
