-- SPDX-License-Identifier: Apache-2.0
-- wrk -t1 -c64 -d5 --latency -s batch.lua http://127.0.0.1:8080
-- Atomic batches of 100 random keys among 100,000, values of 100 bytes.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  math.randomseed(os.time() * 64 + number)
end

local padding = string.rep("x", 92)

function request()
  local operations = {}
  for i = 1, 100 do
    operations[i] = string.format('{"set":{"key":"key-%09d","value":"%s%08x"}}',
      math.random(0, 99999), padding, math.random(0, 2 ^ 31 - 1))
  end
  local body = '{"operations":[' .. table.concat(operations, ",") .. "]}"
  return wrk.format("POST", "/v1/batch", {["Content-Type"] = "application/json"}, body)
end
