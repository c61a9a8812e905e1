// SPDX-License-Identifier: Apache-2.0
// What the flight recorder says of real actors.
#include <algorithm>

#include "tests/actors/group_fixture.hpp"
#include "trace/recorder.hpp"

namespace actors {

namespace {

using trace::event_kind;

std::shared_ptr<trace::recorder> new_recorder() {
  auto memory = trace::ring_memory::in_memory(trace::ring_file_bytes_min);
  REQUIRE(memory);
  return std::make_shared<trace::recorder>(std::move(*memory), trace::process_identity{1, {}});
}

struct traced_group : group_fixture {
  traced_group() : traced_group(new_recorder()) {}
  explicit traced_group(const std::shared_ptr<trace::recorder>& into)
    : group_fixture(into), recorder(into) {}

  std::vector<trace::event> all(event_kind kind, const std::string& actor,
                                const std::string& message) const {
    std::vector<trace::event> found;
    auto read = recorder->read();
    for (const auto& each : read.events)
      if (each.event.kind == kind && read.name_of(each.event.actor) == actor
          && read.name_of(each.event.message) == message)
        found.push_back(each.event);
    return found;
  }
  trace::event last(event_kind kind, const std::string& actor, const std::string& message) const {
    auto found = all(kind, actor, message);
    INFO(trace::to_string(kind) << " " << actor << " " << message);
    REQUIRE(!found.empty());
    return found.back();
  }
  std::string name_of(trace::name_id id) const { return recorder->read().name_of(id); }

  std::shared_ptr<trace::recorder> recorder;
};

} // namespace

TEST_CASE_METHOD(traced_group, "a message is sent, received and handled, once each", "[trace]") {
  put("k", "v");
  settle();
  auto sent = last(event_kind::sent, "log_writer", "persist");
  CHECK(name_of(sent.other) == "raft");
  CHECK(sent.value >= 1);
  for (auto kind : {event_kind::sent, event_kind::received, event_kind::handled}) {
    auto known = all(kind, "log_writer", "persist");
    CHECK(std::ranges::count(known, sent.span, &trace::event::span) == 1);
  }
  auto handled = last(event_kind::handled, "log_writer", "persist");
  CHECK(handled.time_ns >= sent.time_ns);
}

TEST_CASE_METHOD(traced_group, "what is sent comes from what was being handled", "[trace]") {
  put("k", "v");
  settle();
  auto batch = last(event_kind::handled, "raft", "client_batch");
  auto persist = last(event_kind::sent, "log_writer", "persist");
  auto persisted = last(event_kind::sent, "raft", "persisted");
  CHECK(persist.parent == batch.span);
  CHECK(persisted.parent == persist.span);
  CHECK(name_of(persisted.other) == "log_writer");
}

TEST_CASE_METHOD(traced_group, "what the stores and the protocol do stands within a message",
                 "[trace]") {
  put("k", "v");
  settle();
  pass(std::chrono::milliseconds(base::limits::apply_delay_ms + 1));
  auto commit = last(event_kind::work_ended, "log_writer", "log commit");
  CHECK(commit.parent == last(event_kind::handled, "log_writer", "persist").span);
  CHECK(last(event_kind::work_began, "log_writer", "log commit").value == 1);
  auto apply = last(event_kind::work_ended, "storage_writer", "state commit");
  CHECK(apply.parent == last(event_kind::handled, "storage_writer", "apply").span);
  CHECK(last(event_kind::raft, "raft", "became_leader").detail() == 1);
  CHECK(last(event_kind::raft, "raft", "commit_advanced").value == 3);
}

TEST_CASE_METHOD(traced_group, "a timer is told from a message", "[trace]") {
  pass(std::chrono::milliseconds(200));
  CHECK(!all(event_kind::timer, "raft", "tick").empty());
  CHECK(all(event_kind::sent, "raft", "tick").empty());
  CHECK(last(event_kind::timer, "raft", "tick").parent == 0);
}

TEST_CASE_METHOD(traced_group, "an actor's life begins, and ends with its reason", "[trace]") {
  CHECK(!all(event_kind::spawned, "log_writer", "").empty());
  log_script->next_failures.push_back({base::errc::io, "input/output error"});
  put("k", "v");
  settle();
  auto read = recorder->read();
  auto end = std::ranges::find_if(read.events, [&](const trace::recorded_event& each) {
    return each.event.kind == event_kind::exited && read.name_of(each.event.actor) == "log_writer";
  });
  REQUIRE(end != read.events.end());
  CHECK_THAT(read.name_of(end->event.message), matchers::ContainsSubstring("input/output error"));
}

TEST_CASE_METHOD(traced_group, "a message that nobody understands is told", "[trace]") {
  caf::anon_send(caf::actor_cast<caf::actor>(context.where->get().raft), reader_idle{1});
  settle();
  CHECK(all(event_kind::unhandled, "raft", "reader_idle").size() == 1);
  CHECK(is_alive("raft"));
}

} // namespace actors
