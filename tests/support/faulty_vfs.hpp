// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace tests {

/// The system's VFS of SQLite with a disk that can fail. One for the process, because
/// SQLite names VFSs globally; `faulty_disk` below sets it up and calms it down.
struct disk_faults {
  /// Writes left before the disk is full; negative: it never is.
  std::atomic<std::int64_t> writes_until_full{-1};
  /// Each sync fails while set.
  std::atomic<bool> sync_fails{false};
  /// Each write fails with an I/O error while set.
  std::atomic<bool> write_fails{false};
  /// Each read fails with an I/O error while set.
  std::atomic<bool> read_fails{false};
  std::atomic<std::uint64_t> syncs{0};
};

class faulty_disk {
public:
  faulty_disk();
  ~faulty_disk();
  faulty_disk(const faulty_disk&) = delete;
  faulty_disk& operator=(const faulty_disk&) = delete;

  /// What to give as the VFS's name.
  static std::string name() { return "faulty"; }

  /// The disk takes `count` more writes, then it is full.
  void fill_after(std::int64_t count);
  void make_room();
  void fail_syncs(bool does);
  void fail_writes(bool does);
  void fail_reads(bool does);
  std::uint64_t syncs() const;
};

} // namespace tests
