// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "replay/recorded_core.hpp"

namespace node {

/// Writes the recording of one core's life into a file, on a thread of its own: who is recorded never
/// waits for a disk, but in the end for what was still to be written. Beyond the size of the file, or
/// when the disk does not keep up, the recording ends, and says so in the file and in the log:
/// inputs with a gap between them would be of no use. Not synced: what a killed process had not
/// handed to the kernel is missing at the end.
class core_recorder final : public replay::record_sink {
public:
  /// What may wait for the disk.
  static constexpr std::size_t waiting_bytes_max = std::size_t{64} << 20;

  /// Owns the descriptor, of an empty file.
  core_recorder(int descriptor, std::uint64_t bytes_max);
  ~core_recorder() override;
  core_recorder(const core_recorder&) = delete;
  core_recorder& operator=(const core_recorder&) = delete;

  void take(base::bytes record) override;

private:
  void run();
  bool write(const base::bytes& what) const;
  void end_with(const char* why);

  const int descriptor_;
  const std::uint64_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  base::bytes waiting_;
  std::uint64_t taken_ = 0;
  bool has_ended_ = false; ///< nothing more is taken
  bool is_closing_ = false;
  std::thread thread_;
};

/// A new file in `directory`, named by the time: "20261124T042500.123Z.core". The two newest are kept,
/// this one among them. Null, which is said in the log, when it cannot be made or there is no directory.
std::shared_ptr<replay::record_sink> record_core(const std::string& directory,
                                                 std::uint64_t bytes_max);

} // namespace node
