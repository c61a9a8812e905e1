// SPDX-License-Identifier: Apache-2.0
// What the flight recorder holds, over HTTP, and what a request leaves in it.
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/http/running_server.hpp"
#include "trace/dump_store.hpp"
#include "trace/export_format.hpp"
#include "trace/recorder.hpp"

using matchers::ContainsSubstring;
using nlohmann::json;

namespace {

std::shared_ptr<trace::recorder> new_recorder() {
  auto memory = trace::ring_memory::in_memory(trace::ring_file_bytes_min);
  REQUIRE(memory);
  return std::make_shared<trace::recorder>(std::move(*memory), trace::process_identity{1, {}});
}

struct recording_server {
  std::shared_ptr<trace::recorder> recorder = new_recorder();
  running_server node{[this](http::settings& made) { made.recorder = recorder; }};
};

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> parsed;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    parsed.push_back(json::parse(line));
  return parsed;
}

} // namespace

TEST_CASE("A request leaves its beginning and its end, with its trace, and never its key") {
  recording_server at;
  at.node.put("secret", "v",
              "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
  raw_answer said;
  std::vector<json> events;
  // The end of a request is recorded after its answer has left.
  REQUIRE(running_server::becomes([&] {
    said = at.node.ask_admin("GET", "/debug/trace");
    events = lines_of(said.body);
    std::erase_if(events, [](const json& each) {
      return each["trace"] != "0af7651916cd43dd8448eb211c80319c";
    });
    return events.size() == 2;
  }));
  CHECK(said.status == 200);
  CHECK(said.field("content-type") == "application/x-ndjson");
  CHECK_THAT(said.body, !ContainsSubstring("secret"));
  CHECK(events[0]["kind"] == "http_began");
  CHECK(events[1]["kind"] == "http_ended");
  CHECK(events[1]["message"] == "PUT /v1/kv/{key}");
  CHECK(events[1]["other"] == "200");
  CHECK(events[1]["span"] == events[0]["span"]);
}

TEST_CASE("The newest events are shown, in the form that is asked for") {
  recording_server at;
  for (int i = 0; i < 20; ++i)
    at.node.get("k");
  CHECK(lines_of(at.node.ask("GET", "/debug/trace?limit=5").body).size() == 5);
  auto perfetto = at.node.ask("GET", "/debug/trace?format=perfetto&seconds=60");
  CHECK(perfetto.status == 200);
  CHECK(json::parse(perfetto.body)["traceEvents"].size() > 20);
  for (const char* wrong :
       {"format=pdf", "format=otlp", "trace=12", "limit=0", "limit=x", "seconds=0", "since=1"})
    CHECK(at.node.ask("GET", std::string("/debug/trace?") + wrong).status == 400);
}

TEST_CASE("One trace alone is shown, in every form") {
  recording_server at;
  at.node.get("k");
  at.node.get("k", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
  std::string target = "/debug/trace?trace=0af7651916cd43dd8448eb211c80319c";
  CHECK(lines_of(at.node.ask_admin("GET", target).body).size() == 2);
  for (const auto& each : trace::export_formats()) {
    auto said = at.node.ask_admin("GET", target + "&format=" + std::string(each.name));
    CHECK(said.status == 200);
    CHECK(said.field("content-type") == each.content_type);
  }
  CHECK(at.node.ask("GET", "/debug/trace?trace=0af7651916cd43dd8448eb211c80319d").status == 404);
}

TEST_CASE("One trace is found by its id") {
  recording_server at;
  constexpr const char* id = "0af7651916cd43dd8448eb211c80319c";
  auto put =
      at.node.put("k", "v", "traceparent: 00-" + std::string(id) + "-b7ad6b7169203331-01\r\n");
  CHECK_THAT(put.field("server-timing"), ContainsSubstring("total;dur="));
  CHECK_THAT(put.field("server-timing"), ContainsSubstring(", actors;dur="));
  json body;
  REQUIRE(running_server::becomes([&] { // its end is recorded after its answer has left
    auto said = at.node.ask_admin("GET", "/debug/trace/" + std::string(id));
    body = said.status == 200 ? json::parse(said.body) : json();
    return body.contains("request") && body["request"].is_object()
           && !body["request"]["status"].is_null();
  }));
  CHECK(body["trace"] == id);
  CHECK(body["request"]["route"] == "PUT /v1/kv/{key}");
  CHECK(body["request"]["status"] == "200");
  CHECK(body["request"]["duration_us"] > 0);
  CHECK(at.node.ask("GET", "/debug/trace/0af7651916cd43dd8448eb211c80319d").status == 404);
  for (const char* wrong :
       {"0af7", "00000000000000000000000000000000", "0AF7651916CD43DD8448EB211C80319C"})
    CHECK(at.node.ask("GET", std::string("/debug/trace/") + wrong).status == 400);
}

TEST_CASE("A node that records nothing says so") {
  running_server node;
  CHECK(node.ask("GET", "/debug/trace").status == 503);
  auto dumps = json::parse(node.ask("GET", "/debug/trace/dumps").body);
  CHECK(dumps["recording_in"] == "nothing");
  CHECK(dumps["dumps"].empty());
  auto metrics = node.ask("GET", "/metrics").body;
  CHECK_THAT(metrics, ContainsSubstring("aspen_trace_ring_bytes{node_id=\"1\"} 0"));
}

TEST_CASE("Dumps are listed, the newest first, with where the ring is") {
  tests::temp_dir directory("trace");
  auto recorder = new_recorder();
  trace::dump_store store(directory / "trace", 4);
  REQUIRE(store.make_ring(trace::ring_file_bytes_min));
  REQUIRE(store.write(recorder->read(), "20260101T000000.000Z-first.trace"));
  auto second = recorder->read();
  second.reason = "because";
  REQUIRE(store.write(second, "20260101T000000.001Z-second.trace"));
  running_server node([&](http::settings& made) {
    made.recorder = recorder;
    made.trace_directory = directory / "trace";
  });
  auto body = json::parse(node.ask("GET", "/debug/trace/dumps").body);
  CHECK(body["recording_in"] == "memory");
  CHECK(body["ring_bytes"] == trace::ring_file_bytes_min);
  REQUIRE(body["dumps"].size() == 2);
  CHECK(body["dumps"][0]["name"] > body["dumps"][1]["name"]);
  CHECK(body["dumps"][0]["size_bytes"] > 0);
  CHECK(body["dumps"][0]["trigger"] == "second");
  CHECK(body["dumps"][0]["reason"] == "because");
  CHECK(body["dumps"][1]["trigger"] == "first");
  CHECK(body["reasons_left_out"] == 0);
  auto metrics = node.ask("GET", "/metrics").body;
  CHECK_THAT(metrics, ContainsSubstring("aspen_trace_survives_crash{node_id=\"1\"} 0"));
}
