-- SPDX-License-Identifier: Apache-2.0
-- wrk -t1 -c64 -d5 --latency -s get.lua http://127.0.0.1:8080
-- Linearizable reads of 100,000 random keys.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  math.randomseed(os.time() * 64 + number)
end

function request()
  return wrk.format("GET", string.format("/v1/kv/key-%09d", math.random(0, 99999)))
end
