// SPDX-License-Identifier: Apache-2.0
#include "storage/space_reserve.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/limits.hpp"
#include "storage/files.hpp"
#include "storage/plain_files.hpp"

namespace storage {

namespace {

using base::limits::mebibyte;

constexpr std::uint64_t share_of_disk = 8; ///< at most one part in so many
/// With less than this free, opening a store may fail (SQLite's index of a WAL takes 32 KiB).
constexpr std::uint64_t next_to_nothing = 2 * mebibyte;

std::uint64_t free_at(const std::string& path) {
  auto found = free_bytes(std::filesystem::path(path).parent_path().string());
  return found ? *found : 0;
}

std::string megabytes(std::uint64_t bytes) {
  auto tenths = bytes * 10 / mebibyte;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MB";
}

/// Really allocated: a file with holes holds no space.
bool allocate(const std::string& path, std::uint64_t bytes) {
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return false;
  bool is_done = ::posix_fallocate(file, 0, static_cast<off_t>(bytes)) == 0;
  ::close(file);
  if (!is_done)
    ::unlink(path.c_str());
  return is_done;
}

} // namespace

space_reserve::space_reserve(std::string path, std::uint64_t bytes)
  : path_(std::move(path)), wanted_(bytes) {}

std::uint64_t space_reserve::bytes_on_this_disk() const {
  struct statvfs found{};
  auto directory = std::filesystem::path(path_).parent_path();
  if (statvfs(directory.c_str(), &found) != 0)
    return wanted_;
  return std::min(wanted_, std::uint64_t{found.f_blocks} * found.f_frsize / share_of_disk);
}

void space_reserve::begin() {
  std::lock_guard guard(mutex_);
  bytes_ = bytes_on_this_disk();
  if (bytes_ == 0) {
    ::unlink(path_.c_str()); // of an earlier configuration
    return;
  }
  is_out_ = file_size(path_) != bytes_ && !make();
}

void space_reserve::prepare() {
  std::lock_guard guard(mutex_);
  if (!is_out_ && bytes_ != 0 && free_at(path_) < std::min(bytes_, next_to_nothing))
    give_up();
}

bool space_reserve::release() {
  std::lock_guard guard(mutex_);
  return !is_out_ && bytes_ != 0 && give_up();
}

bool space_reserve::give_up() {
  // Cut before it is removed: whoever has it open, a backup perhaps, would keep its space.
  std::error_code ignored;
  std::filesystem::resize_file(path_, 0, ignored);
  ::unlink(path_.c_str());
  is_out_ = true;
  return true;
}

bool space_reserve::look() {
  std::lock_guard guard(mutex_);
  if (!is_out_ || !make())
    return false;
  is_out_ = false;
  return true;
}

bool space_reserve::make() {
  ::unlink(path_.c_str());
  return free_at(path_) >= 2 * bytes_ && allocate(path_, bytes_);
}

bool space_reserve::is_out() const {
  std::lock_guard guard(mutex_);
  return is_out_;
}

std::string space_reserve::trouble() const {
  std::lock_guard guard(mutex_);
  if (!is_out_)
    return {};
  return "no space is left but the reserve of " + megabytes(bytes_)
         + ", which checkpoints and compaction have now; writes are refused until "
         + megabytes(2 * bytes_) + " are free, now " + megabytes(free_at(path_)) + " are";
}

std::uint64_t space_reserve::bytes() const {
  std::lock_guard guard(mutex_);
  return bytes_;
}

} // namespace storage
