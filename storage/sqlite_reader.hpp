// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "storage/key_range.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/state_machine.hpp"

namespace storage {

/// Reads over a read-only connection of its own. Each call is one read transaction, which
/// ends before the call returns (INV-63); every row with a value is checked against its
/// digest, and one that does not match is `corrupt`, never an answer (INV-56).
class sqlite_reader final : public state_reader {
public:
  /// Requires: the writer opened the database before, which recovered its WAL.
  static base::result<std::unique_ptr<state_reader>> open(const std::string& path,
                                                          const sqlite_open_options& options);

  base::result<get_result> get(std::string_view key) override;
  base::result<std::vector<get_result>> get_many(const std::vector<std::string>& keys) override;
  base::result<scan_page> scan(const scan_request& request) override;
  void interrupt() override;

private:
  explicit sqlite_reader(sqlite_database database) : database_(std::move(database)) {}

  base::status prepare_statements();
  base::result<sqlite_statement*> scan_statement(const key_range& range, bool keys_only);
  base::status read_page(sqlite_statement& statement, const scan_request& request, scan_page& page);
  base::result<raft::log_index> last_applied();
  base::result<std::vector<get_result>> get_each(const std::vector<std::string>& keys);

  // Before the statements, which must be gone when it closes.
  sqlite_database database_;
  sqlite_statement get_;
  sqlite_statement last_applied_;
  std::array<sqlite_statement, 8> scans_; ///< by the shape of the range; prepared when needed
  std::atomic<bool> is_interrupted_{false};
};

} // namespace storage
