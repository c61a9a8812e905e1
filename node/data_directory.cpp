// SPDX-License-Identifier: Apache-2.0
#include "node/data_directory.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "storage/new_generation.hpp"

namespace node {

namespace {

namespace fs = std::filesystem;

base::error os_error(base::errc code, std::string_view doing, const fs::path& path, int number) {
  return {code, fmt::format("{} {}: {}", doing, path.string(), std::strerror(number))};
}

/// Makes `directory` and its parents with mode 0700, whatever the umask; existing ones
/// keep theirs.
base::status create(const fs::path& directory) {
  std::error_code code;
  if (fs::is_directory(directory, code))
    return {};
  auto parent = directory.parent_path();
  if (!parent.empty() && parent != directory)
    if (auto made = create(parent); !made)
      return made;
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return base::fail(os_error(base::errc::io, "create directory", directory, errno));
  if (!fs::is_directory(directory, code))
    return base::fail(
        base::errc::io,
        fmt::format("create directory {}: a file of that name is in the way", directory.string()));
  return {};
}

base::status check_local(const fs::path& directory) {
  struct statfs about{};
  if (::statfs(directory.c_str(), &about) != 0)
    return base::fail(os_error(base::errc::io, "look at directory", directory, errno));
  if (auto name = network_file_system(static_cast<long>(about.f_type)))
    return base::fail(base::errc::unsupported,
                      fmt::format("directory {} is on {}: locks and memory maps do not hold there; "
                                  "use a local file system",
                                  directory.string(), *name));
  return {};
}

/// By writing, because permission bits say little: root passes them, a read-only mount
/// and a full disk do not show in them.
base::status check_writable(const fs::path& directory) {
  auto path = directory / fmt::format(".writable-{}", ::getpid());
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return base::fail(os_error(base::errc::io, "directory is not writable:", directory, errno));
  ::close(file);
  ::unlink(path.c_str());
  return {};
}

/// What stands in a lock file, for the message: the process id of who holds it.
std::string holder_of(int file) {
  std::array<char, 32> text{};
  auto length = ::pread(file, text.data(), text.size() - 1, 0);
  std::string holder(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  holder.erase(std::min(holder.find('\n'), holder.size()));
  return holder.empty() ? "an unknown process" : "process " + holder;
}

/// flock, not fcntl: it belongs to this one descriptor, so that no other open and close
/// of the file in the process gives it up. Left behind by a kill, it is free again.
base::result<int> lock(const fs::path& path) {
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return base::fail(os_error(base::errc::io, "open lock", path, errno));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    auto failure =
        errno == EWOULDBLOCK
            ? base::error{base::errc::locked,
                          fmt::format("directory {} is in use by {} (lock {})",
                                      path.parent_path().string(), holder_of(file), path.string())}
            : os_error(base::errc::io, "lock", path, errno);
    ::close(file);
    return base::fail(std::move(failure));
  }
  auto text = fmt::format("{}\n", ::getpid());
  bool is_written =
      ::ftruncate(file, 0) == 0
      && ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  // On a full disk the lock holds as well without the name of its holder.
  if (!is_written && errno != ENOSPC && errno != EDQUOT) {
    auto failure = os_error(base::errc::io, "write lock", path, errno);
    ::close(file);
    return base::fail(std::move(failure));
  }
  return file;
}

base::status make_ready(const fs::path& directory) {
  if (auto made = create(directory); !made)
    return made;
  if (auto local = check_local(directory); !local)
    return local;
  return check_writable(directory);
}

/// The lock of a store outside the data directory: beside the store, under its name, so
/// that nodes with different data directories cannot share it.
std::optional<fs::path> lock_beside(const fs::path& store, const fs::path& data_dir) {
  std::error_code ignored;
  if (fs::equivalent(store.parent_path().empty() ? "." : store.parent_path(), data_dir, ignored))
    return std::nullopt;
  return store.string() + ".node-lock";
}

} // namespace

std::optional<std::string_view> network_file_system(long magic) {
  switch (static_cast<unsigned long>(magic) & 0xffffffffUL) {
  case 0x6969: return "NFS";
  case 0xff534d42: return "CIFS";
  case 0xfe534d42: return "SMB2";
  case 0x517b: return "SMB";
  case 0x5346414f: return "AFS";
  case 0x564c: return "NCP";
  case 0x73757245: return "Coda";
  default: return std::nullopt;
  }
}

base::result<data_directory> data_directory::open(const settings& all) {
  data_directory opened;
  if (all.cluster.storage_backend == storage::backend::inmemory)
    return opened;
  auto take = [&opened](const fs::path& path) -> base::status {
    auto taken = lock(path);
    if (!taken)
      return base::fail(taken.error());
    opened.locks_.push_back(*taken);
    return {};
  };
  fs::path data_dir = all.cluster.data_dir;
  if (auto ready = make_ready(data_dir); !ready)
    return base::fail(ready.error().within("data directory"));
  if (auto taken = take(data_dir / "lock"); !taken)
    return base::fail(taken.error().within("data directory"));
  if (auto unfinished = storage::unfinished_text(data_dir.string()))
    return base::fail(base::errc::invalid,
                      fmt::format("data directory {}: {} Do it again, or remove the directory; "
                                  "nothing of it was ever served.",
                                  data_dir.string(), *unfinished));
  auto stores = store_paths_of(all);
  for (const fs::path store : {stores.log_path, stores.state_path}) {
    auto directory = store.parent_path();
    if (auto ready = make_ready(directory.empty() ? "." : directory); !ready)
      return base::fail(ready.error().within("directory of " + store.string()));
    if (auto path = lock_beside(store, data_dir))
      if (auto taken = take(*path); !taken)
        return base::fail(taken.error().within("store " + store.string()));
  }
  return opened;
}

data_directory::data_directory(data_directory&& other) noexcept
  : locks_(std::exchange(other.locks_, {})) {}

data_directory& data_directory::operator=(data_directory&& other) noexcept {
  std::swap(locks_, other.locks_);
  return *this;
}

data_directory::~data_directory() {
  for (int each : locks_)
    ::close(each);
}

} // namespace node
