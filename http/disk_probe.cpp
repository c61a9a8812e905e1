// SPDX-License-Identifier: Apache-2.0
#include "http/disk_probe.hpp"

#include <cerrno>
#include <cstring>

#include <sys/stat.h>
#include <sys/statvfs.h>

namespace http {

disk_probe::disk_probe(std::vector<std::string> disk_paths, std::string wal_path)
  : disk_paths_(std::move(disk_paths)), wal_path_(std::move(wal_path)) {}

disk_reading disk_probe::read() {
  std::lock_guard guard(mutex_);
  auto now = std::chrono::steady_clock::now();
  if (!looked_at_ || now - *looked_at_ >= std::chrono::seconds{1}) {
    last_ = look();
    looked_at_ = now;
  }
  return last_;
}

disk_reading disk_probe::look() const {
  disk_reading fullest;
  for (const auto& path : disk_paths_) {
    struct statvfs found{};
    if (statvfs(path.c_str(), &found) != 0) {
      fullest.trouble = path + ": " + std::strerror(errno);
      continue;
    }
    std::uint64_t used = found.f_blocks - found.f_bfree;
    std::uint64_t usable = used + found.f_bavail;
    auto percent = usable == 0 ? 0U : static_cast<unsigned>((used * 100 + usable - 1) / usable);
    if (percent < fullest.used_percent
        || (fullest.total_bytes != 0 && percent == fullest.used_percent))
      continue;
    fullest.used_percent = percent;
    fullest.total_bytes = found.f_blocks * found.f_frsize;
    fullest.available_bytes = found.f_bavail * found.f_frsize;
  }
  struct stat file{};
  // By path: opening it would drop SQLite's locks when it is closed again.
  if (!wal_path_.empty() && stat(wal_path_.c_str(), &file) == 0)
    fullest.wal_bytes = static_cast<std::uint64_t>(file.st_size);
  return fullest;
}

} // namespace http
