// SPDX-License-Identifier: Apache-2.0
#include "trace/tail.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

using namespace trace;
using nlohmann::json;

namespace {

enum : name_id {
  raft = 1,
  tick,
  peer_spoke,
  append_entries,
  append_entries_reply,
  node_2,
  durable,
  get_tail
};

/// Times are in milliseconds from 1000 on; `span` of a note is its `parent`.
class tape {
public:
  tape() {
    made.names = {"",           "raft",           "tick",
                  "peer_spoke", "append_entries", "append_entries_reply",
                  "node 2",     "durable",        "GET /debug/trace/tail"};
  }
  void message(span_id span, name_id type, std::uint64_t at, name_id rpc = 0,
               bool has_step = false) {
    add(at, event_kind::sent, span, 0, type, 1);
    add(at + 1, event_kind::received, span, 0, type, 1'000'000);
    if (rpc != 0)
      add(at + 2, event_kind::rpc_received, 0, span, rpc, 0, node_2);
    if (has_step)
      add(at + 3, event_kind::step, 0, span, durable, 7);
    add(at + 6, event_kind::handled, span, 0, type, 5'000'000);
  }
  void add(std::uint64_t at, event_kind kind, span_id span, span_id parent, name_id type,
           std::uint64_t value, name_id other = 0) {
    made.events.push_back(
        {{(1000 + at) * 1'000'000, {}, span, parent, value, raft, other, type, kind}, 1});
  }

  recording made;
};

tail_request everything() {
  tail_request wanted;
  wanted.until_ns = 100'000'000'000;
  return wanted;
}

std::vector<std::string> kinds_of(const tail_page& page) {
  std::vector<std::string> kinds;
  for (const auto& each : page.lines)
    kinds.emplace_back(each.about.kind);
  return kinds;
}

} // namespace

TEST_CASE("what is said without anything happening is left out unless it is asked for",
          "[trace][tail]") {
  tape told;
  told.message(1, tick, 0);
  told.message(2, peer_spoke, 10, append_entries);
  told.message(3, peer_spoke, 20, append_entries_reply);
  told.add(27, event_kind::rpc_sent, 0, 2, append_entries_reply, 0, node_2);
  told.add(28, event_kind::rpc_sent, 0, 1, append_entries, 0, node_2);
  told.message(4, peer_spoke, 30, append_entries, true);
  auto page = look(told.made, everything());
  CHECK(kinds_of(page)
        == std::vector<std::string>{"sent", "received", "rpc_received", "step", "handled"});
  CHECK(page.lines.front().about.rpc == "append_entries");
  auto all = everything();
  all.with_heartbeats = true;
  CHECK(look(told.made, all).lines.size() == told.made.events.size());
}

TEST_CASE("a session does not show its own looks", "[trace][tail]") {
  tape told;
  told.add(0, event_kind::http_began, 1, 0, 0, 0);
  told.add(1, event_kind::http_ended, 1, 0, get_tail, 1'000'000);
  told.add(2, event_kind::http_began, 2, 0, 0, 0);
  auto page = look(told.made, everything());
  REQUIRE(page.lines.size() == 1);
  CHECK(page.lines.front().what->event.span == 2);
}

TEST_CASE("a message is matched by all that is known of it", "[trace][tail]") {
  tape told;
  told.message(4, peer_spoke, 30, append_entries, true);
  auto wanted = everything();
  wanted.match =
      *match_expression::parse("actor~ra* && msg==append_entries && handling>4ms && queued==1ms");
  auto page = look(told.made, wanted);
  CHECK(kinds_of(page) == std::vector<std::string>{"handled"});
  auto body = json::parse(to_json(page, told.made, true));
  CHECK(body["is_complete"] == true);
  CHECK(body["next"] == "100000000000");
  REQUIRE(body["events"].size() == 1);
  CHECK(body["events"][0]["rpc"] == "append_entries");
  CHECK(body["events"][0]["peer"] == "node 2");
  CHECK(body["events"][0]["queued_ns"] == 1'000'000);
  CHECK(body["events"][0]["handling_ns"] == 5'000'000);
  CHECK(body["events"][0]["message"] == "peer_spoke");
}

TEST_CASE("looks follow each other without a gap and without a repetition", "[trace][tail]") {
  tape told;
  for (span_id span = 1; span <= 20; ++span)
    told.message(span, peer_spoke, 10 * span);
  // Two events of one moment are not torn apart.
  told.made.events[6].event.time_ns = told.made.events[5].event.time_ns;
  auto wanted = everything();
  wanted.limit = 3;
  std::size_t seen = 0;
  for (int looks = 0; looks < 100; ++looks) {
    auto page = look(told.made, wanted);
    seen += page.lines.size();
    if (page.next_ns == wanted.until_ns)
      break;
    wanted.after_ns = page.next_ns;
  }
  CHECK(seen == told.made.events.size());
  CHECK(json::parse(to_json(look({}, everything()), {}, false))["is_complete"] == false);
}
