// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/cross_check.hpp"
#include "storage/lmdb_log_reader.hpp"
#include "storage/state_machine.hpp"

namespace debug_storage {

/// Applies a closed log into a state machine of its own. One thread.
class replayer {
public:
  /// `scratch.state_path` is where the state machine is, or is made. Entries up to `committed` count as committed.
  replayer(storage::lmdb_log_reader& log, storage::store_paths scratch, raft::log_index committed)
    : log_(log), scratch_(std::move(scratch)), committed_(committed) {}

  /// Begins with a copy of a snapshot file; empty: with nothing, where the log reaches back to its beginning.
  /// Errors: `invalid` when the log begins later; as `prepare_install`.
  base::status begin(const std::string& snapshot);
  /// Begins with the state machine that stands at `scratch.state_path`, and belongs to nobody else.
  base::status begin_in_place();
  raft::log_index began_at() const { return machine_->meta().last_applied.index; }

  /// Applies what follows, up to `up_to`.
  base::status run(raft::log_index up_to);
  void close() { machine_.reset(); }
  /// Closes it as one file, which needs nothing beside it.
  base::status close_as_one_file();

private:
  const storage::log_marks& marks() const { return log_.scan().marks; }
  storage::log_watermark watermark() const { return {marks().write_counter, committed_}; }
  base::status begin_at_genesis();
  base::status begin_at(const std::string& snapshot);
  base::status copy(const std::string& snapshot);
  template <class Machine>
  base::status keep(base::result<std::unique_ptr<Machine>> opened);
  std::string partial() const { return scratch_.state_path + ".partial"; }
  base::result<std::vector<raft::entry>> read_batch(raft::log_index first, raft::log_index last);
  base::status fold_wal();

  storage::lmdb_log_reader& log_;
  storage::store_paths scratch_;
  raft::log_index committed_;
  std::unique_ptr<storage::state_machine> machine_;
};

} // namespace debug_storage
