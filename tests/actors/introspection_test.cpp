// SPDX-License-Identifier: Apache-2.0
// What can be seen of the actors from outside while they talk, and after they ended.
#include <algorithm>

#include "tests/actors/group_fixture.hpp"

namespace actors {

namespace {

struct seen_group : group_fixture {
  actor_view view(const std::string& name) const {
    for (auto& each : context.registry->list())
      if (each.name == name)
        return each;
    FAIL("no actor is called " << name);
    return {};
  }
  std::uint64_t number(const std::string& actor, std::string_view figure) const {
    for (const auto& each : view(actor).figures)
      if (each.name == figure)
        return std::get<std::uint64_t>(each.value);
    FAIL(actor << " says nothing of " << figure);
    return 0;
  }
  std::string text(const std::string& actor, std::string_view figure) const {
    for (const auto& each : view(actor).figures)
      if (each.name == figure)
        return std::string(std::get<std::string_view>(each.value));
    FAIL(actor << " says nothing of " << figure);
    return {};
  }
  std::uint64_t talked(const std::string& from, const std::string& to) const {
    for (const auto& each : context.registry->list_talks())
      if (each.from == from && each.to == to)
        return each.messages;
    return 0;
  }
};

} // namespace

TEST_CASE_METHOD(seen_group, "every actor of the group says how it stands", "[introspection]") {
  put("k", "v");
  settle();
  pass(std::chrono::milliseconds(200));
  CHECK(text("raft", "role") == "leader");
  CHECK(number("raft", "commit_index") == 3);
  CHECK(number("log_writer", "last_index") == 3);
  CHECK(number("storage_writer", "last_applied") == 3);
  CHECK(number("reader_pool", "idle") == 3);
  CHECK(text("checkpoint_scheduler", "checkpoint") == "none");
  CHECK(!view("raft").is_stale);
}

TEST_CASE_METHOD(seen_group, "what waits for space says so", "[introspection]") {
  log_script->next_failures.push_back({base::errc::storage_full, "no space left on device"});
  put("k", "v");
  settle();
  CHECK(text("log_writer", "waits_for") == "space");
  CHECK(number("log_writer", "entries_waiting") == 1);
}

TEST_CASE_METHOD(seen_group, "who talks to whom is counted", "[introspection]") {
  auto before = talked("raft", "log_writer");
  put("k", "v");
  settle();
  CHECK(talked("raft", "log_writer") > before);
  CHECK(talked("log_writer", "raft") > 0);
  CHECK(talked("outside", "raft") > 0);
  CHECK(talked("reader_pool", "log_writer") == 0);
  pass(std::chrono::milliseconds(200));
  CHECK(talked("raft", "raft") > 0);
}

TEST_CASE_METHOD(seen_group, "a message that nobody understands is kept as a sample",
                 "[introspection]") {
  caf::anon_send(caf::actor_cast<caf::actor>(context.where->get().raft), reader_idle{1});
  settle();
  auto raft = view("raft");
  CHECK(raft.unhandled == 1);
  REQUIRE(raft.unhandled_samples.size() == 1);
  CHECK(raft.unhandled_samples[0].message == "actors::reader_idle");
  CHECK(raft.unhandled_samples[0].from == "outside");
}

TEST_CASE_METHOD(seen_group, "what comes after an actor's end is a dead letter",
                 "[introspection]") {
  auto raft = context.where->get().raft;
  caf::anon_send_exit(raft, caf::exit_reason::kill);
  settle();
  CHECK(view("raft").state == "ended");
  auto before = view("raft").dead_letters;
  caf::anon_send(raft, tick{});
  settle();
  auto seen = view("raft");
  CHECK(seen.dead_letters == before + 1);
  CHECK(std::ranges::count(seen.dead_letter_samples, "actors::tick", &lost_message_view::message)
        >= 1);
  CHECK(seen.mailbox_depth == 0);
  CHECK(seen.is_stale);
}

TEST_CASE_METHOD(seen_group, "what an actor has not read when it ends is counted",
                 "[introspection]") {
  auto writer = context.where->get().log_writer;
  log_script->next_failures.push_back({base::errc::io, "input/output error"});
  put("k", "v");
  while (context.registry->busy_for("log_writer").count() == 0 && is_alive("log_writer")
         && view("log_writer").mailbox_depth == 0)
    REQUIRE(scheduler().try_run_once());
  caf::anon_send(writer, tick{});
  caf::anon_send(writer, tick{});
  settle();
  auto seen = view("log_writer");
  CHECK(seen.state == "ended");
  CHECK(seen.unread == 2);
  CHECK(seen.current_message == "actors::persist");
}

TEST_CASE_METHOD(seen_group, "lost messages are counted over all lives of a name",
                 "[introspection]") {
  auto raft = context.where->get().raft;
  caf::anon_send_exit(raft, caf::exit_reason::kill);
  settle();
  context.registry->add("raft", "scheduled", "supervisor", 10);
  auto before = view("raft").dead_letters;
  caf::anon_send(raft, tick{});
  CHECK(view("raft").dead_letters == before + 1);
  CHECK(view("raft").state == "idle");
}

} // namespace actors
