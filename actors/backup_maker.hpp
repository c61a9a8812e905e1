// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "actors/inspection_requests.hpp"
#include "actors/node_status.hpp"
#include "storage/snapshot_source.hpp"

namespace actors {

/// Makes the file of a backup for one client at a time, and takes its name away at once: it ends with whoever
/// reads it. Belongs to the snapshot sender; its thread only.
///
/// A backup never slows writes down, as a peer's snapshot may: it is copied slowly while there is room in the
/// WAL, at full speed when room gets short, and given up at the bound (two stores, one truth: rule 13).
class backup_maker {
public:
  /// `path` is where the file lies while it is made; empty: no backups are made.
  backup_maker(std::string path, std::shared_ptr<const status_board> board)
    : path_(std::move(path)), board_(std::move(board)) {}

  /// Removes what an earlier life left.
  void clean() const;
  /// True: the request is held until `make` or `fail`. False: it was refused, because another
  /// one is under way.
  bool accept(const backup_now& what);
  /// Copies, verifies, and answers. `is_wanted` is asked every few megabytes; the client's
  /// patience too.
  void make(storage::snapshot_source& source, const std::function<bool()>& is_wanted);
  void fail(failure_code code, const std::string& why);

private:
  base::result<backup_made> write(storage::snapshot_source& source,
                                  const std::function<bool()>& is_wanted);
  bool may_go_on(const std::function<bool()>& is_wanted);
  void pause();

  std::string path_;
  std::shared_ptr<const status_board> board_;
  reply_to<backup_made> reply_;                ///< of the one under way
  std::weak_ptr<const held_file> newest_file_; ///< somebody may still read it
  std::chrono::steady_clock::time_point last_step_;
};

} // namespace actors
