// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_open_files.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <sys/stat.h>

#include "base/check.hpp"

namespace storage {

namespace {

using file_identity = std::pair<unsigned long, unsigned long>;

// One list a process, because POSIX locks, too, are the process's: that is why a second
// connection's owner cannot be left to know.
struct open_file_list {
  std::mutex guard;
  std::map<file_identity, sqlite_open_file> files;
};

open_file_list& the_list() {
  static open_file_list list;
  return list;
}

/// By `stat`: opening and closing the file would drop every lock the process holds on it
/// (sqlite.org/howtocorrupt.html, 2.2).
std::optional<file_identity> identity_of(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0)
    return std::nullopt;
  return file_identity{facts.st_dev, facts.st_ino};
}

} // namespace

std::vector<sqlite_open_file> sqlite_open_files() {
  auto& list = the_list();
  std::lock_guard lock(list.guard);
  std::vector<sqlite_open_file> files;
  for (const auto& [identity, file] : list.files)
    files.push_back(file);
  return files;
}

bool is_open_in_sqlite(const std::string& path) {
  auto identity = identity_of(path);
  auto& list = the_list();
  std::lock_guard lock(list.guard);
  return identity && list.files.contains(*identity);
}

sqlite_registration::sqlite_registration(const std::string& path, bool is_writer)
  : is_writer_(is_writer) {
  auto identity = identity_of(path);
  BASE_CHECK(identity.has_value(), "an open database has no file: " + path);
  std::tie(device_, inode_) = *identity;
  auto& list = the_list();
  std::lock_guard lock(list.guard);
  auto& file = list.files.try_emplace(*identity, sqlite_open_file{path, 0, 0}).first->second;
  BASE_CHECK(!is_writer || file.writers == 0,
             "INV-57: a second read-write connection to " + file.path);
  ++(is_writer ? file.writers : file.readers);
  is_held_ = true;
}

sqlite_registration::~sqlite_registration() {
  release();
}

sqlite_registration::sqlite_registration(sqlite_registration&& other) noexcept
  : device_(other.device_), inode_(other.inode_), is_writer_(other.is_writer_),
    is_held_(std::exchange(other.is_held_, false)) {}

sqlite_registration& sqlite_registration::operator=(sqlite_registration&& other) noexcept {
  if (this == &other)
    return *this;
  release();
  device_ = other.device_;
  inode_ = other.inode_;
  is_writer_ = other.is_writer_;
  is_held_ = std::exchange(other.is_held_, false);
  return *this;
}

void sqlite_registration::release() {
  if (!std::exchange(is_held_, false))
    return;
  auto& list = the_list();
  std::lock_guard lock(list.guard);
  auto found = list.files.find({device_, inode_});
  if (found == list.files.end())
    return;
  --(is_writer_ ? found->second.writers : found->second.readers);
  if (found->second.writers == 0 && found->second.readers == 0)
    list.files.erase(found);
}

} // namespace storage
