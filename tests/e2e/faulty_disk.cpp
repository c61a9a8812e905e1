// SPDX-License-Identifier: Apache-2.0

// Loaded in front of the C library (LD_PRELOAD) it makes the disk fail on command: the file
// named by $ASPEN_FAULTS holds one line, "<fault> <part of a path>", and what the process does
// with a file whose path holds that part goes wrong for as long as the line stands there:
//
//   fail-sync   fsync and fdatasync say EIO
//   hang-sync   they do not return
//   full        writes and truncations say ENOSPC, but those that stay within the file

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

std::string read_all(const char* path) {
  std::array<char, 512> text{};
  // Past our own wrappers and those of a sanitizer.
  auto file = ::syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (file < 0)
    return {};
  auto length = ::syscall(SYS_read, file, text.data(), text.size());
  ::syscall(SYS_close, file);
  return {text.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

std::string path_of(int file) {
  std::array<char, 512> path{};
  auto link = "/proc/self/fd/" + std::to_string(file);
  auto length = ::readlink(link.c_str(), path.data(), path.size());
  return {path.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

/// Whether `fault` is commanded now for what `file` is.
bool is_commanded(std::string_view fault, int file) {
  const char* command_path = std::getenv("ASPEN_FAULTS");
  if (command_path == nullptr)
    return false;
  auto command = read_all(command_path);
  auto space = command.find(' ');
  if (space == std::string::npos || command.compare(0, space, fault) != 0)
    return false;
  auto part = command.substr(space + 1);
  part.erase(part.find_last_not_of('\n') + 1);
  return path_of(file).find(part) != std::string::npos;
}

/// Which command file there is; it changes with every new command.
ino_t command_number() {
  struct stat about{};
  return ::stat(std::getenv("ASPEN_FAULTS"), &about) == 0 ? about.st_ino : 0;
}

bool fails_to_sync(int file) {
  while (is_commanded("hang-sync", file)) {
    // Reads nothing: a thread that hangs makes no progress that anybody could count.
    for (auto number = command_number(); command_number() == number;)
      ::usleep(10'000);
  }
  if (!is_commanded("fail-sync", file))
    return false;
  errno = EIO;
  return true;
}

/// A full disk: what is there can be written over, nothing can be added.
bool is_full_for(int file, off_t end) {
  if (!is_commanded("full", file))
    return false;
  struct stat about{};
  if (::fstat(file, &about) == 0 && end <= about.st_size)
    return false;
  errno = ENOSPC;
  return true;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

off_t length_of(const iovec* parts, int count) {
  off_t length = 0;
  for (int i = 0; i < count; ++i)
    length += static_cast<off_t>(parts[i].iov_len);
  return length;
}

using sync_function = int (*)(int);
using write_function = ssize_t (*)(int, const void*, size_t, off_t);
using writev_function = ssize_t (*)(int, const iovec*, int, off_t);
using truncate_function = int (*)(int, off_t);

} // namespace

extern "C" {

int fsync(int file) {
  static auto real = next<sync_function>("fsync");
  return fails_to_sync(file) ? -1 : real(file);
}

int fdatasync(int file) {
  static auto real = next<sync_function>("fdatasync");
  return fails_to_sync(file) ? -1 : real(file);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
  static auto real = next<write_function>("pwrite");
  return is_full_for(file, at + static_cast<off_t>(size)) ? -1 : real(file, data, size, at);
}

ssize_t pwrite64(int file, const void* data, size_t size, off_t at) {
  static auto real = next<write_function>("pwrite64");
  return is_full_for(file, at + static_cast<off_t>(size)) ? -1 : real(file, data, size, at);
}

ssize_t pwritev(int file, const iovec* parts, int count, off_t at) {
  static auto real = next<writev_function>("pwritev");
  return is_full_for(file, at + length_of(parts, count)) ? -1 : real(file, parts, count, at);
}

int ftruncate(int file, off_t size) noexcept {
  static auto real = next<truncate_function>("ftruncate");
  return is_full_for(file, size) ? -1 : real(file, size);
}

int ftruncate64(int file, off_t size) noexcept {
  static auto real = next<truncate_function>("ftruncate64");
  return is_full_for(file, size) ? -1 : real(file, size);
}

} // extern "C"
