// SPDX-License-Identifier: Apache-2.0
#include "trace/export.hpp"

#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"
#include "trace/export_format.hpp"
#include "trace/export_text.hpp"
#include "trace/selection.hpp"

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

namespace {

/// The same message, of a trace: its request, the handling, work and a step.
recording one_traced_message() {
  auto what = one_message();
  what.names.insert(what.names.end(),
                    {"PUT /v1/kv/{key}", "200", "log <commit>; #1", "durable", "http"});
  auto trace = base::uuid_from_name("a request");
  auto with_trace = [&](event each) {
    each.trace = trace;
    return recorded_event{each, 69};
  };
  auto began = at(1'500, event_kind::http_began, 0);
  began.actor = 8;
  began.other = 0;
  began.span = 0x77;
  began.parent = 0;
  auto ended = began;
  ended.time_ns = 12'000;
  ended.kind = event_kind::http_ended;
  ended.message = 4;
  ended.other = 5;
  ended.value = 10'500;
  auto work = at(9'000, event_kind::work_ended, 5'000);
  work.message = 6;
  work.parent = 9;
  work.span = 0;
  auto step = at(9'500, event_kind::step, 17);
  step.message = 7;
  step.other = 0;
  step.parent = 9;
  step.span = 0;
  what.events.insert(what.events.begin(), with_trace(began));
  what.events.insert(what.events.end() - 1, {work, 71});
  what.events.insert(what.events.end() - 1, with_trace(step));
  what.events.push_back(with_trace(ended));
  return what;
}

base::uuid its_trace() {
  return base::uuid_from_name("a request");
}

} // namespace

TEST_CASE("what belongs to one trace is left of a recording", "[trace][export]") {
  auto what = one_traced_message();
  auto of_others = what.events[5];
  of_others.event.trace = base::uuid_from_name("another request");
  of_others.event.kind = event_kind::step;
  what.events.push_back(of_others);
  auto selected = only_trace(what, its_trace());
  // Both ends of the request, the message with its work and its step; not what it was sent from.
  CHECK(selected.events.size() == 7);
  CHECK(only_trace(what, base::uuid_from_name("nobody's")).events.empty());
  CHECK(parse_trace_id(hexadecimal(its_trace())) == its_trace());
  for (const char* wrong : {"", "12", "00000000000000000000000000000000",
                            "0AF7651916CD43DD8448EB211C80319C", "0af7651916cd43dd8448eb211c80319g"})
    CHECK(!parse_trace_id(wrong));
}

TEST_CASE("a sequence diagram has an arrow for a message and a note for work", "[trace][export]") {
  auto text = to_mermaid(only_trace(one_traced_message(), its_trace()));
  CHECK(text == R"(sequenceDiagram
    participant client as client
    participant p001 as raft
    participant p002 as log "writer"
    participant p008 as http
    client->>p008: request
    p001->>p002: persist +0 us, waited 1 us, handled in 6 us
    Note over p002: log <commit>#59; #35;1 5 us
    p008-->>client: PUT /v1/kv/{key} 200, 10 us
)");
}

TEST_CASE("a sequence diagram has a bound and says what it leaves out", "[trace][export]") {
  auto what = one_message();
  while (what.events.size() < 2 * mermaid_lines_max)
    what.events.push_back(what.events.front());
  auto text = to_mermaid(what);
  CHECK_THAT(text, matchers::ContainsSubstring("297 more lines are left out"));
  CHECK(text.size() < 50'000);
}

TEST_CASE("vector clocks follow a message from its sender to its receiver", "[trace][export]") {
  auto text = to_shiviz(one_message());
  CHECK(text == R"((?<host>\S+) (?<clock>\{.*\})\n(?<date>\S+) (?<event>.*)

raft {"raft": 1}
2025-11-23T17:58:00.000001000Z sends persist to log "writer"
raft {"raft": 2}
2025-11-23T17:58:00.000002000Z has handled persist in 1 us
log_"writer" {"log_\"writer\"": 1, "raft": 1}
2025-11-23T17:58:00.000002500Z receives persist from raft, waited 1 us
log_"writer" {"log_\"writer\"": 2, "raft": 1}
2025-11-23T17:58:00.000008750Z has handled persist in 6 us
)");
}

TEST_CASE("a trace is spans below its request, under ids of their own", "[trace][export]") {
  auto what = one_traced_message();
  auto document = json::parse(to_otlp(what, its_trace()));
  auto spans = document["resourceSpans"][0]["scopeSpans"][0]["spans"];
  REQUIRE(spans.size() == 3);
  CHECK(spans[0]["spanId"] == "0000000000000077");
  CHECK(spans[0]["kind"] == 2);
  CHECK(!spans[0].contains("parentSpanId"));
  CHECK(spans[0]["startTimeUnixNano"] == "1763920680000000500");
  CHECK(spans[0]["endTimeUnixNano"] == "1763920680000011000");
  CHECK(spans[1]["name"] == "log \"writer\" persist");
  CHECK(spans[1]["parentSpanId"] == spans[0]["spanId"]);
  CHECK(spans[1]["events"][0]["name"] == "durable");
  CHECK(spans[2]["parentSpanId"] == spans[1]["spanId"]);
  for (const auto& each : spans)
    CHECK(each["traceId"] == hexadecimal(its_trace()));
  // Another process numbers its messages alike.
  what.boot = base::uuid_from_name("another boot");
  auto other = json::parse(to_otlp(what, its_trace()));
  CHECK(other["resourceSpans"][0]["scopeSpans"][0]["spans"][1]["spanId"] != spans[1]["spanId"]);
}

TEST_CASE("a page shows the messages of a trace, its path, and escapes names", "[trace][export]") {
  auto text = to_html(one_traced_message(), its_trace());
  CHECK_THAT(text, matchers::ContainsSubstring("<b>persist</b> from raft"));
  CHECK_THAT(text, matchers::ContainsSubstring("log &lt;commit&gt;; #1 5 us"));
  CHECK_THAT(text,
             matchers::ContainsSubstring("Request PUT /v1/kv/{key}, status 200, took 10 us."));
  CHECK_THAT(text, matchers::ContainsSubstring("Critical path"));
  CHECK_THAT(text, !matchers::ContainsSubstring("<commit>"));
}

TEST_CASE("a page of a whole recording has a bound", "[trace][export]") {
  auto what = one_message();
  auto pattern = what.events.front();
  for (std::size_t i = 0; i < html_rows_max + 10; ++i) {
    pattern.event.span = 100 + i;
    pattern.event.parent = 99 + i; // one endless chain
    what.events.push_back(pattern);
  }
  auto text = to_html(what, {});
  CHECK_THAT(text, matchers::ContainsSubstring("12 later messages are left out."));
  CHECK_THAT(to_html({}, {}), matchers::ContainsSubstring("<h1>A recording</h1>"));
}

TEST_CASE("a format is found by its name, and a wrong one is told what there are",
          "[trace][export]") {
  CHECK(find_export_format("otlp")->is_of_one_trace);
  CHECK(why_no_format("html", false).empty());
  CHECK(why_no_format("pdf", true)
        == "'pdf' is no format; it is ndjson, perfetto, mermaid, html, shiviz, otlp or ring");
  CHECK(why_no_format("otlp", false) == "otlp tells of one trace: it needs the trace's id");
}

TEST_CASE("durations are told in the unit that fits", "[trace][export]") {
  CHECK(duration_text(999) == "0 us");
  CHECK(duration_text(56'700) == "56 us");
  CHECK(duration_text(1'234'567) == "1.234 ms");
  CHECK(duration_text(2'500'000'000) == "2.500 s");
}
