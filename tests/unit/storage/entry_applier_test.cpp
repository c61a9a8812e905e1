// SPDX-License-Identifier: Apache-2.0
// The meaning of entries against a table that may lie.
#include "storage/entry_applier.hpp"

#include "base/check.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/entry_source.hpp"

namespace {

using namespace storage;

/// Claims that every key exists, last changed at `claimed`; fails from change number
/// `changes_until_failure` on.
class lying_table final : public row_table {
public:
  base::result<std::optional<found_row>> find(std::string_view) override {
    if (!claimed)
      return std::nullopt;
    return found_row{{*claimed, *claimed, 1}, {}};
  }
  base::status insert(std::string_view, base::byte_view, const row_mark&,
                      const state_digest&) override {
    return change();
  }
  base::status update(std::string_view, base::byte_view, const row_mark&,
                      const state_digest&) override {
    return change();
  }
  base::status erase(std::string_view) override { return change(); }

  std::optional<revision> claimed;
  int changes_until_failure = 1000;

private:
  base::status change() {
    if (changes_until_failure-- > 0)
      return {};
    return base::fail(base::errc::storage_full, "no room");
  }
};

base::result<std::vector<command_result>> apply_to(lying_table& table, const raft::entry& entry) {
  state_meta meta;
  auto effects = decode_effects({entry});
  REQUIRE(effects);
  row_changes changes;
  return apply_effects(table, meta, {entry}, *effects, changes);
}

tests::entry_source source_at(std::uint64_t index) {
  tests::entry_source source{{}};
  source.go_back_to({raft::log_index{index}, raft::term{1}}, {});
  return source;
}

} // namespace

TEST_CASE("a row changed at this index or later is never changed again", "[INV-53]") {
  auto entry = source_at(9).set("k", "v");
  lying_table table;
  table.claimed = revision{9};
  CHECK(apply_to(table, entry));
  table.claimed = revision{10};
  CHECK_THROWS_AS(apply_to(table, entry), base::invariant_violation);
  table.claimed = revision{11};
  CHECK_THROWS_AS(apply_to(table, entry), base::invariant_violation);
}

TEST_CASE("a later operation of a command may meet what an earlier one wrote", "[INV-53]") {
  auto entry = source_at(9).batch({set_operation{"a", "1"}, set_operation{"k", "2"}});
  lying_table table;
  table.claimed = revision{10};
  CHECK_THROWS_AS(apply_to(table, entry), base::invariant_violation);
}

TEST_CASE("a failure of the table ends the batch with its error") {
  auto entry = source_at(0).batch({set_operation{"a", "1"}, set_operation{"b", "2"}});
  lying_table table;
  table.changes_until_failure = 1;
  auto result = apply_to(table, entry);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == base::errc::storage_full);
}
