-- SPDX-License-Identifier: Apache-2.0
-- wrk -t1 -c64 -d5 --latency -s get.lua http://127.0.0.1:8080
-- Linearizable reads of 100,000 random keys.
-- NODES=host:port,host:port in the environment: thread N talks to the Nth of them.
local threads = 0
local nodes = {}
for host, port in string.gmatch(os.getenv("NODES") or "", "([^:,]+):(%d+)") do
  nodes[#nodes + 1] = {host = host, port = port}
end

function setup(thread)
  thread:set("number", threads)
  local node = nodes[threads % math.max(#nodes, 1) + 1]
  if node then
    thread.addr = wrk.lookup(node.host, node.port)[1]
  end
  threads = threads + 1
end

function init(args)
  math.randomseed(os.time() * 64 + number)
end

function request()
  return wrk.format("GET", string.format("/v1/kv/key-%09d", math.random(0, 99999)))
end
