// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/cross_check.hpp"
#include "storage/log_store.hpp"
#include "storage/state_machine.hpp"
#include "tests/support/recorded_disk.hpp"

/// A follower's life over the real stores, from one script: what it promises to others is
/// known at every moment, and so is what its state must be at every index.
namespace tests {

/// What was said to others and must be true after any crash.
struct promises {
  raft::log_index last;      ///< accepted into the log
  raft::log_index committed; ///< acknowledged to a client
  raft::term term;
  raft::server_id vote;
};

/// A directory before the life begins, and all that is to come.
struct prepared_life {
  prepared_life();

  storage::identity who;
  recorded_disk::files files;
  std::vector<raft::entry> history;          ///< history[i] has index i + 1
  std::vector<storage::state_digest> digest; ///< of the state at that index
  raft::log_index snapshot_at;               ///< of the snapshot file that is installed
};

/// One run of the script in `directory`, to its end or to the first failure of a store.
class scripted_life {
public:
  enum class replies { after_sync, before_sync };

  scripted_life(const prepared_life& prepared, std::string directory, recorded_disk& disk,
                replies when = replies::after_sync);
  ~scripted_life();

  void run();
  bool came_to_its_end() const { return is_at_end_; }
  /// What a store must not have done; empty: nothing.
  const std::string& problem() const { return problem_; }
  /// What was promised when the note of that number was made.
  const std::vector<promises>& promised() const { return promised_; }

private:
  using step = std::function<base::status()>;
  enum class after_failure { latched, tried_again };

  bool take(const char* name, const step& what, after_failure expected = after_failure::latched);
  base::status open();
  base::status append_to(std::uint64_t index);
  base::status commit_to(std::uint64_t index);
  base::status apply_to(std::uint64_t index);
  base::status checkpoint(storage::checkpoint_mode mode);
  base::status vote();
  base::status append_what_is_replaced();
  base::status replace_tail();
  base::status prepare_install();
  base::status record_install();
  base::status give_up();
  base::status swap();
  bool write(std::uint64_t from, std::uint64_t to);
  bool install();
  base::status persist(storage::log_batch batch, const promises& promised);
  void promise(const promises& what);
  storage::store_paths paths() const;

  const prepared_life& prepared_;
  std::string directory_;
  recorded_disk& disk_;
  replies when_;
  std::unique_ptr<storage::log_store> log_;
  std::unique_ptr<storage::state_machine> state_;
  std::vector<promises> promised_;
  bool is_at_end_ = false;
  std::string problem_;
};

/// Starts a node on what is in `directory`, as the node itself does after its check, and looks
/// whether everything promised is there. What is wrong, or nothing.
std::string check_start(const prepared_life& prepared, const std::string& directory,
                        const promises& promised);

} // namespace tests
