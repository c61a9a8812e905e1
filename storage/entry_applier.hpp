// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "raft/types.hpp"
#include "storage/command.hpp"
#include "storage/digest.hpp"
#include "storage/row_changes.hpp"
#include "storage/state_machine.hpp"

/// What entries mean, the same for every backend: equal entries yield equal rows and
/// equal digests wherever they are applied.
namespace storage {

/// A row that apply found, without its value.
struct found_row {
  row_mark mark;
  state_digest digest;
};

/// The rows inside a write transaction. Errors are the backend's; after one the
/// transaction is given up.
class row_table {
public:
  virtual ~row_table() = default;
  virtual base::result<std::optional<found_row>> find(std::string_view key) = 0;
  /// Requires: `find(key)` was the last call and found nothing.
  virtual base::status insert(std::string_view key, base::byte_view value, const row_mark& mark,
                              const state_digest& digest) = 0;
  /// Requires: `find(key)` was the last call and found the row.
  virtual base::status update(std::string_view key, base::byte_view value, const row_mark& mark,
                              const state_digest& digest) = 0;
  /// Requires: `find(key)` was the last call and found the row.
  virtual base::status erase(std::string_view key) = 0;
};

/// What one entry changes: nothing, the membership, or rows.
using entry_effect = std::variant<std::monostate, raft::membership, command>;

/// Throws unless the entries continue the state: indexes follow on (INV-51), terms do not
/// go back and chains continue (INV-52), and all are durably committed (INV-50).
void check_continues(const state_meta& meta, const std::vector<raft::entry>& entries,
                     const log_watermark& watermark);

/// Throws unless neither part of the watermark goes back (INV-68).
void check_watermark_grows(const log_watermark& before, const log_watermark& after);

/// Decodes all entries before anything changes (INV-67).
/// Errors: `corrupt`, naming the index, for an unknown kind or a damaged payload.
base::result<std::vector<entry_effect>> decode_effects(const std::vector<raft::entry>& entries);

/// Changes rows, and `meta` to match. Requires: `check_continues` passed, `effects` are
/// those of `entries`. After an error `rows` and `meta` are half done: throw both away.
/// Each change of a row is told to `changes` where that wants to know; its caller says how it ended.
base::result<std::vector<command_result>> apply_effects(row_table& rows, state_meta& meta,
                                                        const std::vector<raft::entry>& entries,
                                                        const std::vector<entry_effect>& effects,
                                                        row_changes& changes);

/// Whether a write that ended so leaves its outcome unknown until it is read again from
/// the device, or the store in doubt: then nothing more may be written (INV-59).
bool is_latching(base::errc code);

} // namespace storage
