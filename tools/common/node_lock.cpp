// SPDX-License-Identifier: Apache-2.0
#include "tools/common/node_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tools {

base::result<file_lock> file_lock::take(const std::string& path, int flags,
                                        const std::string& held) {
  int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file < 0)
    return base::fail(errno == ENOENT ? base::errc::not_found : base::errc::io,
                      "open " + path + ": " + std::strerror(errno));
  file_lock made(file);
  if (::flock(file, LOCK_EX | LOCK_NB) == 0)
    return made;
  return errno == EWOULDBLOCK ? base::result<file_lock>(base::fail(base::errc::locked, held))
                              : base::result<file_lock>(base::fail(
                                    base::errc::io, "lock " + path + ": " + std::strerror(errno)));
}

base::result<file_lock> file_lock::of_node(const std::string& data_dir, bool makes_file) {
  auto path = (std::filesystem::path(data_dir) / node_lock_name).string();
  auto taken = take(path, makes_file ? O_RDWR | O_CREAT : O_RDONLY,
                    "a process has the data directory " + data_dir + " in use");
  if (!taken && !makes_file && taken.error().code == base::errc::not_found)
    return file_lock(-1);
  return taken;
}

base::result<file_lock> file_lock::of_directory(const std::string& directory) {
  return take(directory, O_RDONLY | O_DIRECTORY,
              "another backup into " + directory + " is under way");
}

file_lock::~file_lock() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

} // namespace tools
