// SPDX-License-Identifier: Apache-2.0
#include "trace/export.hpp"

#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

using namespace trace;
using nlohmann::json;

namespace {

constexpr name_id raft = 1;
constexpr name_id log_writer = 2;
constexpr name_id persist = 3;

event at(std::uint64_t time_ns, event_kind kind, std::uint64_t value) {
  event what;
  what.time_ns = time_ns;
  what.kind = kind;
  what.value = value;
  what.actor = log_writer;
  what.other = raft;
  what.message = persist;
  what.span = 9;
  what.parent = 8;
  return what;
}

/// One message from the raft actor to the log writer: sent, received, handled.
recording one_message() {
  recording what;
  what.node_id = 3;
  what.steady_ns = 1'000;
  what.unix_ns = 1'763'920'680'000'000'000;
  what.names = {"", "raft", "log \"writer\"", "persist"};
  what.events = {{at(2'000, event_kind::sent, 1), 70},
                 {at(3'500, event_kind::received, 1'500), 71},
                 {at(9'750, event_kind::handled, 6'250), 71}};
  what.events.front().event.trace = base::uuid_from_name("a request");
  // What it was sent from: a message that the raft actor handled meanwhile.
  auto cause = at(3'000, event_kind::handled, 1'500);
  cause.actor = raft;
  cause.other = 0;
  cause.span = 8;
  cause.parent = 0;
  what.events.insert(what.events.begin() + 1, {cause, 70});
  return what;
}

std::vector<json> events_of(const json& trace, const std::string& phase) {
  std::vector<json> found;
  for (const auto& each : trace["traceEvents"])
    if (each["ph"] == phase)
      found.push_back(each);
  return found;
}

} // namespace

TEST_CASE("an event is one line of JSON with its date and names", "[trace][export]") {
  std::istringstream lines(to_ndjson(one_message()));
  std::vector<json> parsed;
  for (std::string line; std::getline(lines, line);)
    parsed.push_back(json::parse(line));
  REQUIRE(parsed.size() == 4);
  auto first = parsed.front();
  CHECK(first["trace"].get<std::string>().size() == 32);
  first.erase("trace");
  CHECK(first == json::parse(R"({"time": "2025-11-23T17:58:00.000001000Z", "kind": "sent",
      "actor": "log \"writer\"", "other": "raft", "message": "persist", "span": "0000000000000009",
      "parent": "0000000000000008", "value": 1, "thread": 70})"));
  CHECK(!parsed.back().contains("trace"));
}

TEST_CASE("a message is a slice on its actor's track with an arrow from its sender",
          "[trace][export]") {
  auto trace = json::parse(to_perfetto(one_message()));
  auto slices = events_of(trace, "X");
  REQUIRE(slices.size() == 2);
  auto slice = slices[1];
  CHECK(slice["name"] == "persist");
  CHECK(slice["ts"] == 3.5);
  CHECK(slice["dur"] == 6.25);
  CHECK(slice["pid"] == 3);
  CHECK(slice["tid"] == log_writer);
  CHECK(slice["args"] == json::parse(R"({"span": "0000000000000009", "parent": "0000000000000008",
                                         "from": "raft"})"));
  auto starts = events_of(trace, "s");
  auto ends = events_of(trace, "f");
  REQUIRE(starts.size() == 1);
  REQUIRE(ends.size() == 1);
  CHECK(starts[0]["tid"] == raft);
  CHECK(ends[0]["tid"] == log_writer);
  CHECK(starts[0]["id"] == ends[0]["id"]);
  // An arrow ends in the slice that is there at its time.
  CHECK(ends[0]["ts"] == slice["ts"]);
  auto labels = events_of(trace, "M");
  REQUIRE(labels.size() == 3);
  CHECK(labels[2]["args"]["name"] == "log \"writer\"");
  CHECK(events_of(trace, "C").at(0)["args"] == json::parse(R"({"waiting": 1})"));
}

TEST_CASE("what was being handled at the end is a slice without an end", "[trace][export]") {
  auto cut = one_message();
  cut.events.pop_back();
  auto trace = json::parse(to_perfetto(cut));
  auto open = events_of(trace, "B");
  REQUIRE(open.size() == 1);
  CHECK(open[0]["name"] == "persist");
  CHECK(open[0]["ts"] == 3.5);
  CHECK(events_of(trace, "s").empty());
}

TEST_CASE("requests are asynchronous slices, work is within its message, the rest are marks",
          "[trace][export]") {
  auto what = one_message();
  what.names.insert(what.names.end(), {"PUT /v1/kv/{key}", "200", "became_leader"});
  auto request = at(1'500, event_kind::http_began, 0);
  request.other = 0;
  what.events.insert(what.events.begin(), {request, 69});
  request = at(9'900, event_kind::http_ended, 8'400);
  request.message = 4;
  request.other = 5;
  what.events.push_back({request, 69});
  what.events.push_back({at(9'000, event_kind::work_ended, 5'000), 71});
  auto elected = at(9'950, event_kind::raft, 17);
  elected.message = 6;
  elected.span = 3;
  what.events.push_back({elected, 70});

  auto trace = json::parse(to_perfetto(what));
  REQUIRE(events_of(trace, "b").size() == 1);
  REQUIRE(events_of(trace, "e").size() == 1);
  CHECK(events_of(trace, "b")[0]["id"] == "0x0000000000000009");
  CHECK(events_of(trace, "e")[0]["args"]["route"] == "PUT /v1/kv/{key}");
  CHECK(events_of(trace, "e")[0]["args"]["status"] == "200");
  CHECK(events_of(trace, "X").size() == 3);
  CHECK(events_of(trace, "i").at(0)["name"] == "raft became_leader");
  CHECK(events_of(trace, "i").at(0)["args"] == json::parse(R"({"index": 17, "term": 3})"));
  CHECK_THAT(to_ndjson(what), matchers::ContainsSubstring(R"("message":"became_leader","term":3)"));
}

TEST_CASE("nothing recorded is still a document", "[trace][export]") {
  CHECK(to_ndjson({}).empty());
  CHECK(json::parse(to_perfetto({}))["traceEvents"].size() == 1);
}
