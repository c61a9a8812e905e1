// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "raft/types.hpp"
#include "storage/command.hpp"
#include "storage/lmdb_log_store.hpp"
#include "storage/sqlite_state_machine.hpp"

/// The work everything is measured with: random keys, values of 100 bytes, and the log
/// entries that carry them.
namespace bench {

inline constexpr std::uint64_t value_bytes = 100;

/// `key-000000042`, as the load generators of bench/peers write them.
std::string key_of(std::uint64_t number);

/// Random keys below a bound, and values of which none equals another: SQLite does not
/// write a row that does not change.
class random_rows {
public:
  random_rows(std::uint64_t keys, std::uint64_t seed) : random_(seed), numbers_(0, keys - 1) {}

  std::string key() { return key_of(numbers_(random_)); }
  std::string value();

private:
  std::mt19937_64 random_;
  std::uniform_int_distribution<std::uint64_t> numbers_;
  std::uint64_t values_ = 0;
};

/// Entries of term 1 that continue a log, chained as the core chains them.
class entry_maker {
public:
  entry_maker(raft::entry_id last, raft::chain_hash chain) : last_(last), chain_(chain) {}

  raft::entry next(const storage::command& what);

private:
  raft::entry_id last_;
  raft::chain_hash chain_;
};

/// Whose stores these are: one server that never leaves this machine.
storage::identity bench_identity();

/// A new log at `path` whose only entry is the configuration: one voter.
void create_log(const std::filesystem::path& path);

/// A new SQLite state machine at `path`, as the node configures it, that holds
/// `keys` rows, all of them in the database file and none in the WAL.
std::unique_ptr<storage::state_machine> make_filled_state(const std::filesystem::path& path,
                                                          std::uint64_t keys);

/// Continues the state's log.
entry_maker maker_after(const storage::state_machine& state);

/// Applies entries as committed ones: durable, with their mark, on return.
void apply_committed(storage::state_machine& state, const std::vector<raft::entry>& entries);

/// Copies the WAL into the database file and begins it anew, if it has gathered as much
/// as makes the node do so.
void checkpoint_when_due(storage::state_machine& state);

} // namespace bench
