// SPDX-License-Identifier: Apache-2.0
#include "actors/actor_registry.hpp"

#include "actors/client_requests.hpp"
#include "tests/support/catch.hpp"

namespace actors {

TEST_CASE("a quantile is off by at most a quarter of an octave", "[stats]") {
  duration_counter counter;
  CHECK(counter.quantile_us(0.5) == 0);
  for (std::uint64_t us = 1; us <= 1000; ++us)
    counter.add(us * 1000);
  auto median = counter.quantile_us(0.5);
  CHECK(median >= 500);
  CHECK(median <= 500 * 1.25);
  CHECK(counter.quantile_us(0.99) >= 990);
}

TEST_CASE("a restarted actor keeps its row and counts its lives", "[stats]") {
  actor_registry registry;
  auto first = registry.add("raft", "scheduled", "supervisor", 10);
  registry.record_end(*first, "broken invariant");
  registry.add("raft", "scheduled", "supervisor", 10);
  auto rows = registry.list();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].restarts == 1);
  CHECK(rows[0].last_error == "broken invariant");
}

TEST_CASE("the message in hand is named, with its sender and since when", "[stats]") {
  actor_registry registry;
  registry.add("log_writer", "scheduled", "supervisor", 10);
  auto stats = registry.add("raft", "scheduled", "supervisor", 10);
  stats->in_hand.begin({&typeid(failure), nullptr}, 1, now_ns() - 1'500'000'000);
  auto row = registry.list().at(1);
  CHECK(row.current_message == "actors::failure");
  CHECK(row.current_from == "log_writer");
  CHECK(row.current_message_ms >= 1500);
  CHECK(row.state == "running");
  stats->in_hand.begin({nullptr, "down_msg"}, 0, now_ns());
  CHECK(registry.list().at(1).current_message == "down_msg");
  CHECK(registry.list().at(1).current_from == "outside");
}

TEST_CASE("what waits is what is behind the message in hand", "[stats]") {
  actor_registry registry;
  auto stats = registry.add("raft", "scheduled", "supervisor", 10);
  std::uint64_t waiting = 0;
  auto now = now_ns();
  CHECK(stats->count_in(now - 9'000'000'000, waiting));
  CHECK(registry.list()[0].mailbox_depth == 1);
  CHECK(registry.list()[0].oldest_message_ms >= 9000);
  stats->in_hand.begin({}, 0, now);
  CHECK(registry.list()[0].mailbox_depth == 0);
  CHECK(registry.list()[0].oldest_message_ms == 0);
  CHECK(stats->count_in(now - 3'000'000'000, waiting));
  CHECK(registry.list()[0].mailbox_depth == 1);
  CHECK(registry.list()[0].oldest_message_ms >= 3000);
  CHECK(registry.list()[0].oldest_message_ms < 9000);
}

TEST_CASE("the longest wait is told once, and as long as it lasts", "[stats]") {
  actor_registry registry;
  auto stats = registry.add("raft", "scheduled", "supervisor", 10);
  std::uint64_t waiting = 0;
  auto now = now_ns();
  constexpr std::chrono::milliseconds least{5000};
  CHECK(!registry.take_longest_wait(least));
  stats->count_in(now, waiting);
  stats->count_out(0, 7'000'000'000, 1000, now);
  auto told = registry.take_longest_wait(least);
  REQUIRE(told);
  CHECK(told->actor == "raft");
  CHECK(told->waited_ms == 7000);
  CHECK(!registry.take_longest_wait(least));
  stats->count_in(now - 6'000'000'000, waiting);
  CHECK(registry.take_longest_wait(least));
  CHECK(registry.take_longest_wait(least));
}

TEST_CASE("messages after the end are counted apart, to the message", "[stats]") {
  actor_stats life;
  std::uint64_t waiting = 0;
  CHECK(life.depth.enter(waiting));
  CHECK(life.depth.enter(waiting));
  CHECK(life.depth.close() == 2);
  CHECK(!life.depth.enter(waiting));
  CHECK(life.depth.get() == 0);
}

TEST_CASE("of lost messages the newest few are kept as samples", "[stats]") {
  lost_messages lost;
  CHECK(lost.samples().empty());
  for (std::uint64_t at = 1; at <= 9; ++at)
    lost.add({&typeid(failure), nullptr}, 3, at);
  CHECK(lost.count() == 9);
  auto kept = lost.samples();
  REQUIRE(kept.size() == lost_messages::samples_max);
  for (const auto& each : kept) {
    CHECK(each.at_ns > 5);
    CHECK(each.from == 3);
    CHECK(*each.what.type == typeid(failure));
  }
}

TEST_CASE("a rate is that of the last whole seconds", "[stats]") {
  constexpr std::uint64_t second = 1'000'000'000;
  rate_counter rate;
  CHECK(rate.per_second(100 * second) == 0);
  for (std::uint64_t at = 100 * second; at < 103 * second; at += second / 10)
    rate.add(at);
  CHECK(rate.per_second(103 * second) == 30 / 5.0);
  CHECK(rate.per_second(107 * second) == 10 / 5.0);
  CHECK(rate.per_second(108 * second) == 0);
  CHECK(rate.per_second(1'000'000 * second) == 0);
}

TEST_CASE("who talks to whom is bounded, and loses no message", "[stats]") {
  actor_registry registry;
  auto stats = registry.add("raft", "scheduled", "supervisor", 10);
  for (actor_number from = 0; from < 40; ++from)
    stats->talks.add(from, 1000, now_ns());
  auto talks = registry.list_talks();
  REQUIRE(talks.size() == talk_table::senders_max + 1);
  CHECK(talks.front().from == "outside");
  CHECK(talks[1].from == "raft");
  CHECK(talks.back().from == "(others)");
  CHECK(talks.back().messages == 40 - talk_table::senders_max);
  CHECK(talks.back().latency_p50_us >= 1);
}

} // namespace actors
