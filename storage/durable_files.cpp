// SPDX-License-Identifier: Apache-2.0
#include "storage/durable_files.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace storage {

namespace {

base::error system_error(const std::string& doing, const std::string& path) {
  auto code = base::errc::io;
  if (errno == ENOENT)
    code = base::errc::not_found;
  if (errno == ENOSPC || errno == EDQUOT)
    code = base::errc::storage_full;
  if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
    code = base::errc::resource;
  return {code, doing + " " + path + ": " + std::generic_category().message(errno)};
}

class descriptor {
public:
  descriptor(const std::string& path, int flags)
    : number_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

private:
  int number_;
};

base::status sync_path(const std::string& path, int flags) {
  descriptor file(path, flags);
  if (!file.is_open())
    return base::fail(system_error("open", path));
  if (::fsync(file.number()) != 0)
    return base::fail(base::errc::sync_failed, system_error("sync", path).text);
  return {};
}

} // namespace

base::status make_private_file(const std::string& path) {
  if (auto removed = remove_file(path); !removed)
    return removed;
  descriptor file(path, O_CREAT | O_EXCL | O_WRONLY);
  if (!file.is_open())
    return base::fail(system_error("create", path));
  return {};
}

base::status sync_file(const std::string& path) {
  return sync_path(path, O_RDONLY);
}

base::status sync_directory_of(const std::string& path) {
  auto directory = std::filesystem::path(path).parent_path().string();
  return sync_path(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY);
}

base::status rename_durably(const std::string& from, const std::string& to) {
  if (auto synced = sync_file(from); !synced)
    return synced;
  if (std::rename(from.c_str(), to.c_str()) != 0)
    return base::fail(system_error("rename to " + to, from));
  return sync_directory_of(to);
}

base::status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return base::fail(system_error("remove", path));
  return {};
}

bool file_exists(const std::string& path) {
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0;
}

std::uint64_t file_size(const std::string& path) {
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

} // namespace storage
