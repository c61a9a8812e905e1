// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace http {

/// What the file systems and files of the stores look like from outside.
struct disk_reading {
  std::uint64_t total_bytes = 0;          ///< of the fullest file system
  std::uint64_t available_bytes = 0;      ///< to us, as `df` shows it
  unsigned used_percent = 0;              ///< as `df` shows it: of what we may use, rounded up
  std::string trouble;                    ///< why space could not be read; empty: it was
  std::optional<std::uint64_t> wal_bytes; ///< nothing: no WAL file there
};

/// Looks at most once a second, however often it is asked: probes cost nothing. Any thread.
class disk_probe {
public:
  /// `wal_path` empty: there is none to look at.
  disk_probe(std::vector<std::string> disk_paths, std::string wal_path);
  disk_reading read();

private:
  disk_reading look() const;

  const std::vector<std::string> disk_paths_;
  const std::string wal_path_;
  std::mutex mutex_;
  disk_reading last_;
  std::optional<std::chrono::steady_clock::time_point> looked_at_;
};

} // namespace http
