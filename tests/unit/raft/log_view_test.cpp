// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "raft/log_view.hpp"
#include "tests/support/catch.hpp"

using namespace raft;

namespace {

constexpr log_view::retention keep_nothing{0, 0, 1000, 1000000};

/// A log with entries of the given terms, all in memory and none durable.
class log_of : public log_view {
public:
  explicit log_of(std::initializer_list<std::uint64_t> terms, snapshot_point from = {})
    : log_view(from, from.id, from.chain, {}) {
    for (auto each : terms)
      add(each, "payload");
  }
  void add(std::uint64_t in_term, const std::string& bytes) {
    entry next;
    next.id = {last().index.next(), term{in_term}};
    next.kind = entry_kind::command;
    next.payload = payload(bytes);
    next.chain = next_chain(last_chain(), next.id, next.kind, next.payload.hash());
    append(std::move(next));
  }
  void make_durable() {
    begin_persist(1000, 1000000);
    finish_persist();
  }
};

} // namespace

TEST_CASE("a log tells the term at each of its positions", "[raft][INV-08]") {
  log_of log({1, 1, 3, 3, 7});
  CHECK(log.term_at(log_index{0}) == term{0});
  CHECK(log.term_at(log_index{2}) == term{1});
  CHECK(log.term_at(log_index{3}) == term{3});
  CHECK(log.term_at(log_index{5}) == term{7});
  CHECK_FALSE(log.term_at(log_index{6}));
}

TEST_CASE("a log that begins after a snapshot point knows nothing below it", "[raft]") {
  log_of log({4, 4}, {{log_index{10}, term{3}}, {1, 1}, {}});
  CHECK(log.first_index() == log_index{11});
  CHECK_FALSE(log.term_at(log_index{9}));
  CHECK(log.term_at(log_index{10}) == term{3});
  CHECK(log.chain_at(log_index{10}) == chain_hash{1, 1});
}

TEST_CASE("a log refuses what does not continue it", "[raft][INV-07]") {
  log_of log({2});
  entry next;
  next.id = {log_index{2}, term{2}};
  next.chain = next_chain(log.last_chain(), next.id, next.kind, next.payload.hash());
  SECTION("a gap") {
    next.id.index = log_index{3};
  }
  SECTION("an earlier term") {
    next.id.term = term{1};
  }
  SECTION("another chain") {
    next.chain = {5, 5};
  }
  CHECK_THROWS_AS(log.append(next), base::invariant_violation);
}

TEST_CASE("positions before a term and below a term are found", "[raft][thesis 3.5]") {
  log_of log({1, 1, 3, 3, 7});
  CHECK(log.before_term_at(log_index{4}) == entry_id{log_index{2}, term{1}});
  CHECK(log.before_term_at(log_index{1}) == entry_id{log_index{0}, term{0}});
  CHECK(log.last_with_term_at_most(log_index{5}, term{3}) == entry_id{log_index{4}, term{3}});
  CHECK(log.last_with_term_at_most(log_index{3}, term{6}) == entry_id{log_index{3}, term{3}});
  CHECK(log.last_with_term_at_most(log_index{99}, term{0}) == entry_id{log_index{0}, term{0}});
}

TEST_CASE("truncation goes back to what was there before", "[raft]") {
  log_of log({1, 2, 3});
  auto chain = *log.chain_at(log_index{1});
  log.truncate_from(log_index{2}, chain);
  CHECK(log.last() == entry_id{log_index{1}, term{1}});
  CHECK(log.last_chain() == chain);
  log.add(9, "x");
  CHECK(log.term_at(log_index{2}) == term{9});
}

TEST_CASE("what the disk holds beyond a truncation is replaced by the next batch", "[raft]") {
  log_of log({1, 2, 3});
  log.make_durable();
  log.truncate_from(log_index{2}, *log.chain_at(log_index{1}));
  CHECK(log.durable_index() == log_index{1});
  log.add(4, "x");
  auto batch = log.begin_persist(1000, 1000);
  CHECK(batch.truncate_from == log_index{2});
  CHECK(batch.entries.size() == 1);
}

TEST_CASE("a batch is bounded, and holds at least one entry", "[raft]") {
  log_of log({1, 1, 1});
  CHECK(log.begin_persist(2, 1000).entries.size() == 2);
  log.finish_persist();
  CHECK(log.durable_index() == log_index{2});
  CHECK(log.begin_persist(2, 1).entries.size() == 1);
}

TEST_CASE("one batch is under way at a time", "[raft][INV-10]") {
  log_of log({1});
  CHECK_THROWS_AS(log.finish_persist(), base::invariant_violation);
  log.begin_persist(10, 10);
  CHECK_THROWS_AS(log.begin_persist(10, 10), base::invariant_violation);
}

TEST_CASE("the window lets go of what is durable and applied", "[raft]") {
  log_of log({1, 1, 1});
  log.trim(log_index{3}, keep_nothing);
  CHECK(log.window_size() == 3); // nothing is durable
  log.make_durable();
  log.trim(log_index{2}, keep_nothing);
  CHECK(log.window_first() == log_index{3});
  CHECK(log.chain_at(log_index{2}));
  CHECK_FALSE(log.chain_at(log_index{1}));
  log.trim(log_index{3}, keep_nothing);
  CHECK(log.window_size() == 0);
  CHECK(log.term_at(log_index{2}) == term{1});
}

TEST_CASE("a full window lets go of what is durable and not applied", "[raft]") {
  log_of log({1, 1, 1});
  log.make_durable();
  SECTION("entries") {
    log.trim(log_index{0}, {0, 0, 2, 1000});
  }
  SECTION("bytes") {
    log.trim(log_index{0}, {0, 0, 1000, 14});
  }
  CHECK(log.window_first() == log_index{2});
}

TEST_CASE("bytes between positions are known as far as the window reaches", "[raft]") {
  log_of log({1, 1, 1});
  CHECK(log.bytes_between(log_index{0}, log_index{3}) == 21);
  CHECK(log.bytes_between(log_index{2}, log_index{3}) == 7);
  CHECK(log.bytes_between(log_index{3}, log_index{3}) == 0);
  log.make_durable();
  log.trim(log_index{1}, keep_nothing);
  CHECK(log.bytes_between(log_index{0}, log_index{3}) == 14);
  log.truncate_from(log_index{3}, *log.chain_at(log_index{2}));
  log.add(2, "xyz");
  CHECK(log.bytes_between(log_index{0}, log_index{3}) == 10);
}

TEST_CASE("compaction moves the snapshot point", "[raft][INV-09]") {
  log_of log({1, 1, 3, 3, 7});
  auto chain = *log.chain_at(log_index{3});
  log.make_durable();
  log.compact({{log_index{3}, term{3}}, chain, {}});
  CHECK(log.first_index() == log_index{4});
  CHECK(log.window_first() == log_index{4});
  CHECK_FALSE(log.term_at(log_index{2}));
  CHECK(log.term_at(log_index{3}) == term{3});
  CHECK(log.term_at(log_index{4}) == term{3});
  CHECK(log.before_term_at(log_index{4}) == entry_id{log_index{3}, term{3}});
}

TEST_CASE("a whole log can be compacted, and goes on", "[raft]") {
  log_of log({1, 2});
  log.make_durable();
  log.compact({log.last(), log.last_chain(), {}});
  CHECK(log.term_at(log_index{2}) == term{2});
  log.add(2, "x");
  CHECK(log.term_at(log_index{3}) == term{2});
}

TEST_CASE("a snapshot point that is not in the log is refused", "[raft][INV-09]") {
  log_of log({1, 2});
  SECTION("another term") {
    CHECK_THROWS_AS(log.compact({{log_index{1}, term{2}}, *log.chain_at(log_index{1}), {}}),
                    base::invariant_violation);
  }
  SECTION("another chain") {
    CHECK_THROWS_AS(log.compact({{log_index{1}, term{1}}, {3, 3}, {}}), base::invariant_violation);
  }
  SECTION("beyond the end") {
    CHECK_THROWS_AS(log.compact({{log_index{9}, term{2}}, {3, 3}, {}}), base::invariant_violation);
  }
}
