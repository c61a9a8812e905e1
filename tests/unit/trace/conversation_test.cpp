// SPDX-License-Identifier: Apache-2.0
#include "trace/conversation.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

using namespace trace;
using nlohmann::json;

namespace {

/// A recording that is told as a story: names by themselves, times in microseconds.
class story {
public:
  story() { recorded_.names = {""}; }

  void request(std::uint64_t began_us, std::uint64_t ended_us) {
    add(began_us, event_kind::http_began, "http", "", 0, 77, 0);
    add(ended_us, event_kind::http_ended, "http", "PUT /v1/kv/{key}", 0, 77, 0, "200");
  }
  void message(span_id span, span_id parent, const char* actor, const char* type,
               std::uint64_t sent_us, std::uint64_t received_us, std::uint64_t handled_us) {
    auto named = std::exchange(trace_, {}); // a message carries many requests, and names none
    add(sent_us, event_kind::sent, actor, type, 1, span, parent);
    add(received_us, event_kind::received, actor, type, 0, span, parent);
    add(handled_us, event_kind::handled, actor, type, 0, span, parent);
    trace_ = named;
  }
  void step(span_id within, const char* actor, const char* what, std::uint64_t at_us,
            std::uint64_t index = 0, const char* other = "") {
    add(at_us, event_kind::step, actor, what, index, 0, within, other);
  }
  void work(span_id within, const char* actor, const char* what, std::uint64_t began_us,
            std::uint64_t ended_us) {
    auto named = std::exchange(trace_, {});
    add(ended_us, event_kind::work_ended, actor, what, (ended_us - began_us) * 1000, 0, within);
    trace_ = named;
  }
  void spoke(span_id within, const char* rpc, const char* peer, std::uint64_t at_us) {
    auto named = std::exchange(trace_, {});
    add(at_us, event_kind::rpc_received, "raft", rpc, 0, 0, within, peer);
    trace_ = named;
  }

  const recording& tell() { return recorded_; }
  conversation find() { return find_conversation(recorded_, trace_); }

private:
  name_id id_of(const std::string& name) {
    auto at = std::ranges::find(recorded_.names, name);
    if (at == recorded_.names.end())
      at = recorded_.names.insert(at, name);
    return static_cast<name_id>(at - recorded_.names.begin());
  }
  void add(std::uint64_t at_us, event_kind kind, const char* actor, const char* what,
           std::uint64_t value, span_id span, span_id parent, const char* other = "") {
    recorded_.events.push_back({{(1000 + at_us) * 1000, trace_, span, parent, value, id_of(actor),
                                 id_of(other), id_of(what), kind},
                                1});
  }

  recording recorded_;
  base::uuid trace_ = base::uuid_from_name("a request");
};

std::vector<std::pair<std::string, std::uint64_t>> path_of(const conversation& what) {
  std::vector<std::pair<std::string, std::uint64_t>> path;
  for (const auto& each : what.critical_path)
    path.emplace_back(each.what, each.took_ns / 1000);
  return path;
}

/// A put of a sole voter: proposed, made durable, committed.
story a_put() {
  story told;
  told.request(0, 100);
  told.message(1, 0, "raft", "client_batch", 10, 15, 22);
  told.step(1, "raft", "proposed", 18);
  told.message(2, 1, "log_writer", "persist", 20, 25, 85);
  told.work(2, "log_writer", "log commit", 30, 80);
  told.step(2, "log_writer", "durable", 81, 17);
  told.message(3, 2, "raft", "persisted", 83, 88, 99);
  told.step(3, "raft", "committed", 90, 17);
  return told;
}

} // namespace

TEST_CASE("a conversation is the messages that left a step of its trace", "[trace][conversation]") {
  auto told = a_put();
  told.message(4, 1, "raft", "tick", 30, 31, 32);
  auto found = told.find();
  REQUIRE(found.messages.size() == 3);
  CHECK(found.messages[1].parent == 1);
  CHECK(found.messages[1].received_ns == 1'025'000);
  CHECK(found.messages[1].work.size() == 1);
  CHECK(found.messages[2].steps[0].index == 17);
  REQUIRE(found.asked);
  CHECK(found.asked->ended_ns == 1'100'000);
}

TEST_CASE("the critical path is the request's time without a gap", "[trace][conversation]") {
  auto found = a_put().find();
  std::vector<std::pair<std::string, std::uint64_t>> expected{
      {"request", 10},
      {"wait in the mailbox of raft", 5},
      {"raft handles client_batch", 5},
      {"wait in the mailbox of log_writer", 5},
      {"log_writer handles persist", 5},
      {"log_writer: log commit", 50},
      {"log_writer handles persist", 3},
      {"wait in the mailbox of raft", 5},
      {"raft handles persisted", 2},
      {"answer", 10},
  };
  CHECK(path_of(found) == expected);
}

TEST_CASE("a put that waits for the batch before says so", "[trace][conversation]") {
  story told;
  told.request(0, 200);
  told.message(1, 0, "raft", "client_batch", 10, 15, 22);
  told.step(1, "raft", "proposed", 18);
  // Sent out of the handling of another batch's message, which has no part in this trace.
  told.message(2, 9, "log_writer", "persist", 120, 125, 180);
  told.step(2, "log_writer", "durable", 175, 17);
  told.message(3, 2, "raft", "persisted", 176, 178, 199);
  told.step(3, "raft", "committed", 190, 17);
  auto path = path_of(told.find());
  CHECK(std::ranges::count(path,
                           std::pair<std::string, std::uint64_t>("wait for what is under way", 102))
        == 1);
  auto sum = std::accumulate(path.begin(), path.end(), std::uint64_t{0},
                             [](auto so_far, const auto& each) { return so_far + each.second; });
  CHECK(sum == 200);
}

TEST_CASE("what a peer's answer decides is the network and the peer", "[trace][conversation]") {
  story told;
  told.request(0, 300);
  told.message(1, 0, "raft", "client_batch", 10, 15, 22);
  told.step(1, "raft", "proposed", 18);
  told.step(1, "raft", "sent to peer", 20, 17, "node 2");
  told.message(5, 0, "raft", "peer_spoke", 250, 255, 290);
  told.spoke(5, "append_entries_reply", "node 2", 256);
  told.step(5, "raft", "committed", 260, 17);
  auto found = told.find();
  auto path = path_of(found);
  CHECK(std::ranges::count(path, std::pair<std::string, std::uint64_t>("network and node 2", 230))
        == 1);
  auto body = json::parse(to_json(found, told.tell(), base::uuid_from_name("a request")));
  CHECK(body["messages"][1]["message"] == "append_entries_reply");
  CHECK(body["messages"][1]["from"] == "node 2");
  CHECK(body["request"]["duration_us"] == 300);
  CHECK(body["messages"][0]["at_us"] == 10);
}

TEST_CASE("a trace that nobody knows is empty, and one that is cut has no path",
          "[trace][conversation]") {
  story told = a_put();
  auto other = find_conversation(told.tell(), base::uuid_from_name("another"));
  CHECK(other.messages.empty());
  CHECK_FALSE(other.asked);
  story unfinished;
  unfinished.message(1, 0, "raft", "client_batch", 10, 15, 22);
  unfinished.step(1, "raft", "proposed", 18);
  CHECK(unfinished.find().critical_path.empty());
  CHECK(unfinished.find().messages.size() == 1);
}
