// SPDX-License-Identifier: Apache-2.0
#include "storage/log_copy.hpp"

#include "storage/lmdb_log_reader.hpp"
#include "tests/contract/log_store_fixture.hpp"

namespace {

constexpr std::uint64_t map_bytes = std::uint64_t{64} << 20;

/// A log of some terms, compacted and checkpointed, and a copy of it under way.
class copied_log : public tests::log_fixture<tests::lmdb_log> {
public:
  copied_log() {
    append_many(1, 20);
    append_many(2, 20);
    commit(30);
    checkpoint(25);
    REQUIRE(store->compact(raft::log_index{10}, 5, 1 << 20));
  }

  std::string path() const { return kind.dir / "copy.lmdb"; }
  std::unique_ptr<storage::log_copy> begin() {
    auto begun = storage::log_copy::begin(path(), state(), map_bytes);
    REQUIRE(begun);
    return std::move(*begun);
  }
  /// Three entries at a time, as their owner hands them out.
  base::status fill(storage::log_copy& copy) {
    while (auto next = copy.next())
      if (auto added = copy.append(read(next->value, state().last.index.value, 3)); !added)
        return added;
    return copy.finish();
  }
};

} // namespace

TEST_CASE_METHOD(copied_log, "A copy holds every mark and every record as they stand (INV-142)",
                 "[log-copy]") {
  auto copy = begin();
  REQUIRE(fill(*copy));
  auto wanted = state();
  store.reset();
  auto original =
      storage::lmdb_log_reader::open(kind.options().path, storage::log_verification::everything);
  auto copied = storage::lmdb_log_reader::open(path(), storage::log_verification::everything);
  REQUIRE(original);
  REQUIRE(copied);
  const auto& scan = (*copied)->scan();
  CHECK(scan.faults.empty());
  CHECK(scan.marks.identity == wanted.identity);
  CHECK(scan.marks.hard_state == wanted.hard_state);
  CHECK(scan.marks.snapshot == wanted.snapshot);
  CHECK(scan.marks.checkpoints.completed == wanted.checkpoint_completed);
  CHECK(scan.marks.write_counter == wanted.write_counter);
  CHECK(scan.entries == (*original)->scan().entries);
  for (auto index = wanted.snapshot.id.index.next(); index <= wanted.last.index;
       index = index.next())
    CHECK(*(*original)->record(index) == *(*copied)->record(index));
  CHECK_FALSE(std::filesystem::exists(path() + "-lock"));
}

TEST_CASE_METHOD(copied_log, "What is appended meanwhile is left out of a copy", "[log-copy]") {
  auto copy = begin();
  auto last = state().last;
  append_many(3, 10);
  REQUIRE(fill(*copy));
  auto copied = storage::lmdb_log_reader::open(path(), storage::log_verification::everything);
  REQUIRE(copied);
  CHECK((*copied)->scan().last == last);
}

TEST_CASE_METHOD(copied_log, "A log whose tail was replaced meanwhile is no copy of one moment",
                 "[log-copy]") {
  auto copy = begin();
  auto at = this->at(35);
  auto other = batch(follow(at.id, at.chain, 3, {"1", "2", "3", "4", "5", "6"}));
  other.truncate_from = raft::log_index{36};
  REQUIRE(store->append(other));
  auto filled = fill(*copy);
  REQUIRE_FALSE(filled);
  CHECK(filled.error().code == base::errc::busy);
}
