// SPDX-License-Identifier: Apache-2.0
#include "storage/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <vector>

#include "storage/system_error.hpp"

namespace storage {

using base::errc;
namespace fs = std::filesystem;

namespace {

constexpr mode_t directory_mode = 0700;
constexpr mode_t file_mode = 0600;

/// A descriptor that is closed at the end of scope.
class descriptor {
public:
  descriptor(const std::string& path, int flags) {
    do
      number_ = ::open(path.c_str(), flags | O_CLOEXEC, file_mode);
    while (number_ < 0 && errno == EINTR);
  }
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

private:
  int number_ = -1;
};

tl::unexpected<base::error> fail_system(const std::string& doing) {
  return base::fail(system_error(errno, doing));
}

std::string parent_of(const std::string& path) {
  auto parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

base::status sync_opened(const std::string& path, int flags) {
  before_file_step("sync", path);
  descriptor file(path, flags);
  if (!file.is_open())
    return fail_system("open " + path);
  if (::fsync(file.number()) == 0)
    return {};
  auto failure = system_error(errno, "sync " + path);
  if (failure.code == errc::io)
    failure.code = errc::sync_failed;
  return base::fail(failure);
}

base::status rename_with(const std::string& from, const std::string& to, unsigned int flags) {
  before_file_step("rename", to);
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0)
    return fail_system("rename " + from + " to " + to);
  if (parent_of(from) != parent_of(to))
    if (auto synced = sync_directory(parent_of(from)); !synced)
      return synced;
  return sync_directory(parent_of(to));
}

/// The number in the lock file, for the message; the lock itself does not depend on it.
std::string holder_in(int file) {
  std::array<char, 24> text{};
  auto count = ::pread(file, text.data(), text.size() - 1, 0);
  std::uint64_t number = 0;
  auto parsed = std::from_chars(text.data(), text.data() + std::max<ssize_t>(count, 0), number);
  return parsed.ec == std::errc{} ? "process " + std::to_string(number) : "another process";
}

std::atomic<file_step_hook> step_hook = nullptr;

} // namespace

void set_file_step_hook(file_step_hook hook) {
  step_hook = hook;
}

void before_file_step(const char* step, const std::string& path) {
  if (auto hook = step_hook.load(std::memory_order_relaxed))
    hook(step, path);
}

base::status make_directories(const std::string& path) {
  if (fs::is_directory(path))
    return {};
  auto parent = parent_of(path);
  if (parent != path && !fs::exists(parent))
    if (auto made = make_directories(parent); !made)
      return made;
  if (::mkdir(path.c_str(), directory_mode) != 0 && errno != EEXIST)
    return fail_system("make directory " + path);
  if (!fs::is_directory(path))
    return base::fail(errc::invalid, path + " is not a directory");
  return sync_directory(parent);
}

base::status sync_directory(const std::string& path) {
  return sync_opened(path, O_RDONLY | O_DIRECTORY);
}

base::status sync_file(const std::string& path) {
  return sync_opened(path, O_RDONLY);
}

base::status durable_rename(const std::string& from, const std::string& to) {
  return rename_with(from, to, 0);
}

base::status durable_rename_new(const std::string& from, const std::string& to) {
  return rename_with(from, to, RENAME_NOREPLACE);
}

base::status durable_remove(const std::string& path) {
  before_file_step("remove", path);
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT)
      return {};
    return fail_system("remove " + path);
  }
  return sync_directory(parent_of(path));
}

base::status read_through(const std::string& path) {
  descriptor file(path, O_RDONLY);
  if (!file.is_open())
    return fail_system("open " + path);
  std::vector<char> buffer(std::size_t{1} << 20);
  for (off_t offset = 0;;) {
    auto count = ::pread(file.number(), buffer.data(), buffer.size(), offset);
    if (count == 0)
      return {};
    if (count < 0 && errno != EINTR)
      return fail_system("read " + path + " at byte " + std::to_string(offset));
    offset += std::max<ssize_t>(count, 0);
  }
}

base::result<std::uint64_t> free_bytes(const std::string& path) {
  struct statvfs space{};
  if (::statvfs(path.c_str(), &space) != 0)
    return fail_system("free space at " + path);
  return std::uint64_t{space.f_bavail} * space.f_frsize;
}

base::status check_free_space(const std::string& path, std::uint64_t bytes) {
  auto free = free_bytes(parent_of(path));
  if (!free)
    return base::fail(free.error());
  if (*free >= bytes)
    return {};
  return base::fail(errc::storage_full, path + " needs " + std::to_string(bytes)
                                            + " free bytes; there are " + std::to_string(*free));
}

std::optional<std::string> network_file_system_name(std::uint64_t magic) {
  switch (magic) {
  case 0x6969: return "NFS";
  case 0x517B: return "SMB";
  case 0xFF534D42: return "CIFS";
  case 0xFE534D42: return "SMB2";
  case 0x01021997: return "9P";
  case 0x5346414F: return "AFS";
  case 0x00C36400: return "Ceph";
  case 0x73757245: return "Coda";
  case 0x564C: return "NCP";
  default: return std::nullopt;
  }
}

base::status check_local_file_system(const std::string& path) {
  std::error_code ignored;
  auto existing = fs::absolute(path);
  while (!fs::exists(existing, ignored) && existing.has_relative_path())
    existing = existing.parent_path();
  struct statfs facts{};
  if (::statfs(existing.c_str(), &facts) != 0)
    return fail_system("file system of " + path);
  if (auto name = network_file_system_name(static_cast<std::uint32_t>(facts.f_type)))
    return base::fail(errc::unsupported, path + " is on a network file system (" + *name
                                             + "), where locks and memory maps do not hold");
  return {};
}

// flock: it belongs to the open file, so that nothing else this process does to the
// file can drop it, as it would an fcntl lock.
base::result<directory_lock> directory_lock::take(const std::string& directory) {
  auto path = (fs::path(directory) / "LOCK").string();
  descriptor file(path, O_RDWR | O_CREAT);
  if (!file.is_open())
    return fail_system("open " + path);
  if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return base::fail(errc::locked, directory + " is in use by " + holder_in(file.number()));
    return fail_system("lock " + path);
  }
  auto number = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.number(), 0) != 0
      || ::pwrite(file.number(), number.data(), number.size(), 0)
             != static_cast<ssize_t>(number.size()))
    return fail_system("write " + path);
  return directory_lock(file.release());
}

directory_lock::~directory_lock() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

} // namespace storage
