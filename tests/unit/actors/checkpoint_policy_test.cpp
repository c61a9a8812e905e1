// SPDX-License-Identifier: Apache-2.0
#include "actors/checkpoint_policy.hpp"

#include "tests/support/catch.hpp"

namespace actors {

namespace {

using base::limits::mebibyte;
using storage::checkpoint_mode;

checkpoint_facts wal_of(std::uint64_t bytes, std::uint64_t frames) {
  checkpoint_facts facts;
  facts.has_wal = true;
  facts.wal = {bytes, frames};
  return facts;
}

constexpr std::uint64_t frames_in_16_mib = 16 * mebibyte / (4096 + 24) + 1;
constexpr std::uint64_t frames_in_4_mib = 4 * mebibyte / (4096 + 24) + 1;

} // namespace

TEST_CASE("an empty WAL needs no checkpoint", "[checkpoint][rule-10]") {
  CHECK_FALSE(due_checkpoint(wal_of(0, 0), {}));
}

TEST_CASE("sixteen mebibytes of frames are folded in under load", "[checkpoint][rule-10]") {
  CHECK_FALSE(due_checkpoint(wal_of(15 * mebibyte, frames_in_16_mib - 1), {}));
  CHECK(due_checkpoint(wal_of(17 * mebibyte, frames_in_16_mib), {}) == checkpoint_mode::passive);
}

TEST_CASE("INV-150 the WAL never waits for more than half of what the disk keeps back") {
  auto facts = wal_of(mebibyte, 2 * mebibyte / (4096 + 24) + 1);
  facts.space_kept_back = 8 * mebibyte;
  CHECK_FALSE(due_checkpoint(facts, {}));
  facts.space_kept_back = 4 * mebibyte;
  CHECK(due_checkpoint(facts, {}) == checkpoint_mode::passive);
  facts.space_kept_back = 1024 * mebibyte;
  CHECK_FALSE(due_checkpoint(facts, {}));
}

TEST_CASE("INV-150 a full disk makes whatever frees space due at once", "[checkpoint]") {
  auto facts = wal_of(mebibyte, 200);
  CHECK_FALSE(due_checkpoint(facts, {}));
  facts.is_space_short = true;
  CHECK(due_checkpoint(facts, {}) == checkpoint_mode::truncate);
  facts.wal = {2 * (4096 + 24), 2}; // what the small commit after a checkpoint leaves
  CHECK_FALSE(due_checkpoint(facts, {}));
  facts.since_blocked = std::chrono::milliseconds(10);
  facts.wal = {mebibyte, 200};
  CHECK_FALSE(due_checkpoint(facts, {}));
  checkpoint_facts without_wal;
  without_wal.is_space_short = true;
  CHECK_FALSE(due_checkpoint(without_wal, {}));
  without_wal.entries_since_mark = 1;
  CHECK(due_checkpoint(without_wal, {}) == checkpoint_mode::passive);
}

TEST_CASE("a quiet moment is used from four mebibytes on", "[checkpoint][rule-10]") {
  auto facts = wal_of(5 * mebibyte, frames_in_4_mib);
  CHECK_FALSE(due_checkpoint(facts, {}));
  facts.is_quiet = true;
  CHECK(due_checkpoint(facts, {}) == checkpoint_mode::passive);
}

TEST_CASE("the threshold truncates the file, however few frames wait", "[checkpoint][rule-10]") {
  checkpoint_limits limits;
  limits.truncate_bytes = 50 * mebibyte;
  CHECK(due_checkpoint(wal_of(50 * mebibyte, 0), limits) == checkpoint_mode::truncate);
  CHECK_FALSE(due_checkpoint(wal_of(49 * mebibyte, 0), limits));
}

TEST_CASE("the daily window truncates once a day", "[checkpoint][rule-10]") {
  checkpoint_limits limits;
  limits.window = daily_window{23 * 60, 2 * 60};
  auto facts = wal_of(1 * mebibyte, 10);
  facts.day = 7;
  facts.minute_of_day = 12 * 60;
  CHECK_FALSE(due_checkpoint(facts, limits));
  facts.minute_of_day = 1 * 60;
  CHECK(due_checkpoint(facts, limits) == checkpoint_mode::truncate);
  facts.last_window_day = 7;
  CHECK_FALSE(due_checkpoint(facts, limits));
}

TEST_CASE("a checkpoint that was held back is not tried again at once", "[checkpoint]") {
  auto facts = wal_of(200 * mebibyte, frames_in_16_mib);
  facts.since_blocked = std::chrono::milliseconds(10);
  CHECK_FALSE(due_checkpoint(facts, {}));
}

TEST_CASE("a state machine without a WAL is marked every so many entries", "[checkpoint]") {
  checkpoint_facts facts;
  facts.entries_since_mark = 9'999;
  CHECK_FALSE(due_checkpoint(facts, {}));
  facts.entries_since_mark = 10'000;
  CHECK(due_checkpoint(facts, {}) == checkpoint_mode::passive);
}

} // namespace actors
