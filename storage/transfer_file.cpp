// SPDX-License-Identifier: Apache-2.0
#include "storage/transfer_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "storage/system_error.hpp"

namespace storage {

base::result<source_file> source_file::open(const std::string& path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return base::fail(errno == ENOENT ? base::error{base::errc::not_found, path + " is gone"}
                                      : system_error(errno, "open " + path));
  return source_file(descriptor);
}

source_file::~source_file() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

base::result<base::bytes> source_file::read(std::uint64_t offset, std::size_t bytes_max) const {
  base::bytes bytes(bytes_max, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    auto count = ::pread(descriptor_, bytes.data() + filled, bytes.size() - filled,
                         static_cast<off_t>(offset + filled));
    if (count == 0)
      break;
    if (count < 0 && errno != EINTR)
      return base::fail(system_error(errno, "read a snapshot"));
    filled += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  }
  bytes.resize(filled);
  return bytes;
}

base::result<arriving_file> arriving_file::open(const std::string& path, std::uint64_t bytes_max,
                                                std::size_t chunk_bytes) {
  int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0)
    return base::fail(system_error(errno, "open " + path));
  arriving_file file(descriptor, 0);
  struct stat facts{};
  if (::fstat(descriptor, &facts) != 0)
    return base::fail(system_error(errno, "look at " + path));
  auto kept = std::min(static_cast<std::uint64_t>(facts.st_size), bytes_max);
  file.size_ = kept == bytes_max ? kept : kept - kept % chunk_bytes;
  if (::ftruncate(descriptor, static_cast<off_t>(file.size_)) != 0)
    return base::fail(system_error(errno, "cut " + path));
  return file;
}

arriving_file::~arriving_file() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

base::status arriving_file::append(base::byte_view bytes) {
  while (!bytes.empty()) {
    auto count = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (count < 0 && errno != EINTR)
      return base::fail(system_error(errno, "write a snapshot"));
    auto written = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    size_ += written;
    bytes.remove_prefix(written);
  }
  return {};
}

base::status arriving_file::sync() {
  if (::fdatasync(descriptor_) != 0)
    return base::fail(base::errc::sync_failed, system_error(errno, "sync a snapshot").text);
  return {};
}

} // namespace storage
