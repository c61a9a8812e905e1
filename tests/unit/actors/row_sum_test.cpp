// SPDX-License-Identifier: Apache-2.0
#include "actors/row_sum.hpp"

#include <map>
#include <random>

#include "storage/digest.hpp"
#include "tests/support/catch.hpp"

namespace {

using storage::state_digest;

/// Rows that change by themselves, the digest of all of them, and what changed since it was asked last.
class living_rows {
public:
  explicit living_rows(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 200; ++i)
      change();
    changes_.clear();
  }

  void change() {
    auto key = "key-" + std::to_string(below(150));
    ++index_;
    auto found = rows_.find(key);
    auto before = found == rows_.end() ? state_digest{} : digest_of(found->second);
    state_digest after;
    if (below(3) == 0) {
      rows_.erase(key);
    } else {
      storage::row next{key, std::to_string(random_()), storage::revision{index_},
                        storage::revision{index_}, 1};
      after = digest_of(next);
      rows_[key] = next;
    }
    storage::subtract(digest_, before);
    storage::add(digest_, after);
    changes_.push_back({storage::revision{index_}, key, before, after});
  }
  void change_some() {
    for (auto count = below(20); count > 0; --count)
      change();
  }

  storage::scan_page page(const std::optional<std::string>& after) {
    storage::scan_page made;
    made.at = raft::log_index{index_};
    auto next = after ? rows_.upper_bound(*after) : rows_.begin();
    for (auto count = 1 + below(12); count > 0 && next != rows_.end(); --count, ++next)
      made.rows.push_back(next->second);
    made.is_last = next == rows_.end();
    return made;
  }
  std::vector<storage::row_change> take_changes() { return std::exchange(changes_, {}); }
  const state_digest& digest() const { return digest_; }
  /// Behind the back of the digest.
  void lose(const std::string& key) { rows_.erase(key); }
  std::string some_key() {
    auto at = rows_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(below(rows_.size())));
    return at->first;
  }

private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  static state_digest digest_of(const storage::row& row) {
    return storage::row_digest(row.key, {row.create_revision, row.mod_revision, row.version},
                               row.value);
  }

  std::mt19937_64 random_;
  std::map<std::string, storage::row> rows_;
  std::vector<storage::row_change> changes_;
  state_digest digest_;
  std::uint64_t index_ = 0;
};

/// One pass, with changes before each page, and between a page and the question for the changes.
std::optional<state_digest> sum_of(living_rows& rows) {
  actors::row_sum sum;
  std::optional<std::string> after;
  for (;;) {
    rows.change_some();
    auto page = rows.page(after);
    rows.change_some();
    auto changes = rows.take_changes();
    sum.take(page, &changes);
    if (page.is_last)
      return sum.finish();
    after = page.rows.back().key;
  }
}

} // namespace

TEST_CASE("Pages of different moments add up to the digest of one", "[INV-144]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    living_rows rows(seed);
    CHECK(sum_of(rows) == rows.digest());
  }
}

TEST_CASE("A row that is lost while others change is missed in the sum", "[INV-144]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    living_rows rows(seed);
    rows.lose(rows.some_key());
    auto sum = sum_of(rows);
    REQUIRE(sum);
    CHECK(*sum != rows.digest());
  }
}

TEST_CASE("Where changes are not known there is no sum") {
  living_rows rows(1);
  actors::row_sum sum;
  std::vector<storage::row_change> none;
  auto page = rows.page({});
  sum.take(page, nullptr);
  sum.take(rows.page(page.rows.back().key), &none);
  CHECK_FALSE(sum.finish());
}
