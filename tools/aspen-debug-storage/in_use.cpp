// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-debug-storage/in_use.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <optional>

namespace debug_storage {

namespace {

std::string describe(pid_t process) {
  if (process <= 0)
    return "a process of another container";
  std::ifstream file("/proc/" + std::to_string(process) + "/comm");
  std::string name;
  std::getline(file, name);
  return "process " + std::to_string(process) + (name.empty() ? "" : " (" + name + ")");
}

/// Who holds a lock on any byte of the file; nothing when nobody does, or there is no such file. Asking
/// takes no lock. Closing gives up locks of this process on the file, and it has none.
std::optional<std::string> holder_of(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0)
    return std::nullopt;
  struct flock asked{};
  asked.l_type = F_WRLCK;
  asked.l_whence = SEEK_SET;
  bool is_held = ::fcntl(file, F_GETLK, &asked) == 0 && asked.l_type != F_UNLCK;
  ::close(file);
  return is_held ? std::optional(describe(asked.l_pid)) : std::nullopt;
}

} // namespace

base::status check_log_is_closed(const std::string& path) {
  auto holder = holder_of(path + "-lock");
  if (!holder)
    return {};
  return base::fail(
      base::errc::locked,
      *holder + " has " + path
          + " open, and nobody may look into it beside its owner. Stop that process, or get "
            "a copy from the running node: curl -fo copy.lmdb "
            "http://127.0.0.1:8081/admin/log-copy (its admin_addr); a live check of both "
            "stores is POST /admin/validate");
}

bool is_database_open(const std::string& path) {
  return holder_of(path + "-shm").has_value();
}

} // namespace debug_storage
