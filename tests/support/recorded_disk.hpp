// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

/// A disk between this program's system calls and one directory: it writes down, in one
/// sequence, everything that reaches the directory's files, and fails when told to. The real
/// files are written too, so that reads and memory maps stay right. `disk_calls.cpp` stands in
/// for the C library's calls; both must be linked into the test.
namespace tests {

enum class disk_event_kind {
  create,         ///< a new file under `name`
  write,          ///< `bytes` at `at`
  resize,         ///< to `at` bytes
  sync,           ///< completed: all writes of the file before it are durable
  rename,         ///< from `name` to `to`
  remove,         ///< the name
  sync_directory, ///< completed: all changes of names before it are durable
  note,           ///< what the test has to say: `at` is its number
};

struct disk_event {
  disk_event_kind kind;
  int file = -1; ///< a number that a file keeps whatever it is called
  std::uint64_t at = 0;
  std::string bytes;
  bool is_durable = false; ///< a write that was synced by itself (O_DSYNC)
  std::string name, to;
};

enum class disk_fault {
  io_error,
  full,
  short_write, ///< half of it; for what is no write: an I/O error
};

/// A store whose syncs reach nothing, as `synchronous=OFF` and MDB_NOSYNC make it.
enum class lying_store { none, state_machine, log };

/// What becomes of what was not synced: any sectors of it are there, or all or nothing of each
/// file, as when time goes by between the last write and the cut.
enum class loss { of_sectors, of_files };

/// One at a time in a process. SQLite's wal-index and the lock files are no part of it: nobody
/// relies on them after a crash.
class recorded_disk {
public:
  /// Watches the directory, whose files are durable as they are now.
  explicit recorded_disk(const std::string& directory, lying_store liar = lying_store::none);
  ~recorded_disk();
  recorded_disk(const recorded_disk&) = delete;
  recorded_disk& operator=(const recorded_disk&) = delete;

  void note(std::uint64_t number);
  const std::vector<disk_event>& events() const;

  /// Operations so far: everything but notes, whether or not it succeeded.
  std::uint64_t operations() const;
  /// The operation of that number fails (from 0), and all after it when `for_good`.
  void fail_at(std::uint64_t operation, disk_fault how, bool for_good);
  void heal();
  bool has_failed() const; ///< since `fail_at`

  using files = std::map<std::string, std::string>;
  /// What may be found when the power goes after the first `count` events: what was synced,
  /// and of the rest any sectors of 512 bytes, any change of a file's size, and the changes of
  /// names up to any of those not synced.
  files image_after(std::size_t count, std::mt19937_64& random, loss how = loss::of_sectors) const;
  static void write_files(const files& what, const std::string& directory);
};

} // namespace tests
