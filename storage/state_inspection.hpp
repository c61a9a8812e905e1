// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/digest.hpp"
#include "storage/state_machine.hpp"
#include "storage/types.hpp"

namespace storage {

/// What a state machine's file says of itself, as it was read. Nothing here was
/// compared with the log: that is the cross-check's work.
struct state_facts {
  storage::identity identity;
  state_meta meta;
  log_watermark watermark;
  std::optional<raft::state_outvote> outvoted; ///< other replicas contradicted it
  bool meta_is_sealed = false;                 ///< the replicated values match their checksum
  bool local_is_sealed = false;                ///< the values of this node match theirs
  bool has_wal_file = false; ///< before the file was opened; always false without a WAL
  std::uint64_t wal_bytes = 0;
  std::uint64_t file_bytes = 0;
};

/// A row as it was read, whether its content matches its digest or not.
struct inspected_row {
  storage::row row;
  state_digest digest;   ///< as recorded; zero when it is damaged
  bool is_sound = false; ///< the content matches it
};

/// Compares a row with its digest; nothing for a digest that cannot be read.
inspected_row inspect_row(std::string_view key, const row_mark& mark,
                          const std::optional<state_digest>& digest, base::byte_view value);

/// A closed state machine, looked at without changing a byte of its contents. For the
/// cross-check, the debug tool and the check of a snapshot file. One thread.
class state_inspection {
public:
  virtual ~state_inspection() = default;

  /// Read once, when the inspection was opened. A broken seal is a fact, not an error,
  /// so that a report can name every violated rule with the values read.
  virtual const state_facts& facts() const = 0;

  /// Checks the structure of the file (SQLite: `quick_check`).
  /// Errors: `corrupt` with the first complaints; `io`.
  virtual base::status check_structure() = 0;

  /// Recomputes every row digest and compares their sum with the one recorded, until
  /// `keep_going` says no; nothing when stopped early.
  /// Errors: `corrupt`, naming the first key that does not match, or both sums.
  virtual base::result<std::optional<state_digest>> verify_rows(
      const std::function<bool()>& keep_going) = 0;

  /// Rows in the order of their keys, from the first one after `after` on, until `bytes_max`
  /// of keys and values are passed; at least one, none at the end. Errors: `corrupt`; `io`.
  virtual base::result<std::vector<inspected_row>> rows_after(
      const std::optional<std::string>& after, std::size_t bytes_max) = 0;
};

} // namespace storage
