// SPDX-License-Identifier: Apache-2.0
#include "storage/plain_files.hpp"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/files.hpp"
#include "storage/system_error.hpp"

namespace storage {

base::status make_private_file(const std::string& path) {
  if (auto removed = remove_file(path); !removed)
    return removed;
  int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor < 0)
    return base::fail(system_error(errno, "create " + path));
  ::close(descriptor);
  return {};
}

base::status sync_and_rename(const std::string& from, const std::string& to) {
  if (auto synced = sync_file(from); !synced)
    return synced;
  return durable_rename(from, to);
}

base::status sync_directory_of(const std::string& path) {
  auto directory = std::filesystem::path(path).parent_path();
  return sync_directory(directory.empty() ? "." : directory.string());
}

base::status remove_file(const std::string& path) {
  before_file_step("remove", path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return base::fail(system_error(errno, "remove " + path));
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
