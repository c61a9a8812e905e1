// SPDX-License-Identifier: Apache-2.0
#include "tests/support/recorded_disk.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>

namespace tests {

namespace {

namespace fs = std::filesystem;
using kind = disk_event_kind;

struct open_file {
  int file = -1; ///< -1: the directory itself
  bool is_synced_by_itself = false;
};

/// Everything is behind one lock: SQLite and the snapshot code use several threads.
struct disk_state {
  std::mutex mutex;
  bool is_watching = false;
  std::string directory;
  lying_store liar = lying_store::none;
  recorded_disk::files before; ///< by name, as they were found
  std::map<std::string, int> names;
  int files_seen = 0;
  std::map<int, open_file> open;
  std::vector<disk_event> events;
  std::uint64_t operations = 0;
  std::optional<std::uint64_t> fails_at;
  disk_fault fault = disk_fault::io_error;
  bool fails_for_good = false;
  bool has_failed = false;
};

// Never destroyed: files are closed after the statics are gone.
disk_state& disk() {
  static auto* state = new disk_state;
  return *state;
}

bool is_derived(const std::string& name) {
  return name.ends_with("-shm") || name.ends_with("-lock") || name == "LOCK";
}

/// The name within the watched directory; nothing for all other paths.
std::optional<std::string> name_of(const char* path) {
  auto& all = disk();
  std::string text(path);
  if (!all.is_watching || !text.starts_with(all.directory + "/"))
    return std::nullopt;
  auto name = text.substr(all.directory.size() + 1);
  if (name.empty() || name.find('/') != name.npos || is_derived(name))
    return std::nullopt;
  return name;
}

void record(disk_event event) {
  disk().events.push_back(std::move(event));
}

/// Counts one operation; the errno it is to fail with, or zero.
int next_fault() {
  auto& all = disk();
  auto number = all.operations++;
  bool fails =
      all.fails_at && (number == *all.fails_at || (all.fails_for_good && number > *all.fails_at));
  if (!fails)
    return 0;
  all.has_failed = true;
  return all.fault == disk_fault::full ? ENOSPC : EIO;
}

long fail_with(int number) {
  errno = number;
  return -1;
}

bool is_lying(int file) {
  auto& all = disk();
  if (all.liar == lying_store::none)
    return false;
  const char* whose = all.liar == lying_store::log ? "raft-log" : "state-machine";
  return std::any_of(all.names.begin(), all.names.end(), [&](const auto& each) {
    return each.second == file && each.first.starts_with(whose);
  });
}

const open_file* watched(int file) {
  auto& all = disk();
  auto found = all.open.find(file);
  return found == all.open.end() ? nullptr : &found->second;
}

/// What all kinds of writes come down to. `bytes` are already joined.
long write_at(int file, const std::string& bytes, long at, bool moves) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  const auto* target = watched(file);
  auto count = bytes.size();
  int fault = target != nullptr && target->file >= 0 ? next_fault() : 0;
  if (fault != 0 && all.fault != disk_fault::short_write)
    return fail_with(fault);
  if (fault != 0)
    count /= 2;
  auto where = moves ? syscall(SYS_lseek, file, 0L, SEEK_CUR) : at;
  auto done = moves ? syscall(SYS_write, file, bytes.data(), count)
                    : syscall(SYS_pwrite64, file, bytes.data(), count, at);
  if (done > 0 && target != nullptr && target->file >= 0)
    record({kind::write,
            target->file,
            static_cast<std::uint64_t>(where),
            bytes.substr(0, static_cast<std::size_t>(done)),
            target->is_synced_by_itself && !is_lying(target->file),
            {},
            {}});
  return done;
}

bool is_watched(int file) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  const auto* target = watched(file);
  return target != nullptr && target->file >= 0;
}

std::string joined(const iovec* parts, int count) {
  std::string all;
  for (int i = 0; i < count; ++i)
    all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return all;
}

} // namespace

extern "C" {

int aspen_disk_open(const char* path, int flags, unsigned mode) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  auto name = name_of(path);
  bool is_new = name && (flags & O_CREAT) != 0 && !all.names.contains(*name);
  if (is_new)
    if (int fault = next_fault(); fault != 0)
      return static_cast<int>(fail_with(fault));
  auto file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  if (file < 0 || !all.is_watching)
    return file;
  if (std::string(path) == all.directory)
    all.open[file] = {-1, false};
  if (!name)
    return file;
  if (is_new) {
    all.names[*name] = all.files_seen++;
    record({kind::create, all.names[*name], 0, {}, false, *name, {}});
  }
  all.open[file] = {all.names.at(*name), (flags & O_DSYNC) != 0};
  return file;
}

int aspen_disk_close(int file) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  all.open.erase(file);
  return static_cast<int>(syscall(SYS_close, file));
}

long aspen_disk_write(int file, const void* bytes, std::size_t count) {
  if (!is_watched(file))
    return syscall(SYS_write, file, bytes, count);
  return write_at(file, std::string(static_cast<const char*>(bytes), count), 0, true);
}

long aspen_disk_pwrite(int file, const void* bytes, std::size_t count, long at) {
  if (!is_watched(file))
    return syscall(SYS_pwrite64, file, bytes, count, at);
  return write_at(file, std::string(static_cast<const char*>(bytes), count), at, false);
}

long aspen_disk_writev(int file, const iovec* parts, int count) {
  if (!is_watched(file))
    return syscall(SYS_writev, file, parts, count);
  return write_at(file, joined(parts, count), 0, true);
}

long aspen_disk_pwritev(int file, const iovec* parts, int count, long at) {
  if (!is_watched(file))
    return syscall(SYS_pwritev, file, parts, count, at, at >> 32);
  return write_at(file, joined(parts, count), at, false);
}

int aspen_disk_truncate(int file, long size) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  const auto* target = watched(file);
  if (target != nullptr)
    if (int fault = next_fault(); fault != 0)
      return static_cast<int>(fail_with(fault));
  auto done = static_cast<int>(syscall(SYS_ftruncate, file, size));
  if (done == 0 && target != nullptr)
    record({kind::resize, target->file, static_cast<std::uint64_t>(size), {}, false, {}, {}});
  return done;
}

int aspen_disk_sync(int file, int is_data_only) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  const auto* target = watched(file);
  if (target != nullptr)
    if (int fault = next_fault(); fault != 0)
      return static_cast<int>(fail_with(fault));
  auto done = static_cast<int>(syscall(is_data_only != 0 ? SYS_fdatasync : SYS_fsync, file));
  if (done == 0 && target != nullptr && !is_lying(target->file))
    record(
        {target->file < 0 ? kind::sync_directory : kind::sync, target->file, 0, {}, false, {}, {}});
  return done;
}

int aspen_disk_rename(const char* from, const char* to, unsigned flags) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  auto source = name_of(from);
  auto target = name_of(to);
  if (source && target)
    if (int fault = next_fault(); fault != 0)
      return static_cast<int>(fail_with(fault));
  auto done = static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
  if (done == 0 && source && target) {
    all.names[*target] = all.names.at(*source);
    all.names.erase(*source);
    record({kind::rename, -1, 0, {}, false, *source, *target});
  }
  return done;
}

int aspen_disk_unlink(const char* path) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  auto name = name_of(path);
  if (name && all.names.contains(*name))
    if (int fault = next_fault(); fault != 0)
      return static_cast<int>(fail_with(fault));
  auto done = static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  if (done == 0 && name) {
    all.names.erase(*name);
    record({kind::remove, -1, 0, {}, false, *name, {}});
  }
  return done;
}

} // extern "C"

recorded_disk::recorded_disk(const std::string& directory, lying_store liar) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  all.directory = directory;
  all.liar = liar;
  all.before.clear();
  all.names.clear();
  all.events.clear();
  all.files_seen = 0;
  all.operations = 0;
  for (const auto& each : fs::directory_iterator(directory)) {
    auto name = each.path().filename().string();
    if (!each.is_regular_file() || is_derived(name))
      continue;
    std::ifstream in(each.path(), std::ios::binary);
    all.before[name] = {std::istreambuf_iterator<char>(in), {}};
    all.names[name] = 0;
  }
  for (auto& [name, file] : all.names) // in the order of `before`
    file = all.files_seen++;
  all.is_watching = true;
}

recorded_disk::~recorded_disk() {
  heal();
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  all.is_watching = false;
  all.open.clear();
}

void recorded_disk::note(std::uint64_t number) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  record({kind::note, -1, number, {}, false, {}, {}});
}

const std::vector<disk_event>& recorded_disk::events() const {
  return disk().events;
}

std::uint64_t recorded_disk::operations() const {
  return disk().operations;
}

void recorded_disk::fail_at(std::uint64_t operation, disk_fault how, bool for_good) {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  all.fails_at = operation;
  all.fault = how;
  all.fails_for_good = for_good;
  all.has_failed = false;
}

void recorded_disk::heal() {
  auto& all = disk();
  std::lock_guard guard(all.mutex);
  all.fails_at.reset();
}

bool recorded_disk::has_failed() const {
  return disk().has_failed;
}

namespace {

constexpr std::size_t sector_bytes = 512;

/// How much of what was not synced is there: none, all, or some of it.
class survival {
public:
  survival(std::mt19937_64& random, loss how) : random_(random) {
    constexpr unsigned chances[] = {0, 100, 10, 50, 90};
    percent_ = chances[random() % (how == loss::of_files ? 2 : std::size(chances))];
  }
  bool of_one() { return random_() % 100 < percent_; }

private:
  std::mt19937_64& random_;
  unsigned percent_;
};

void put(std::string& content, std::uint64_t at, std::string_view bytes) {
  if (content.size() < at + bytes.size())
    content.resize(at + bytes.size());
  content.replace(at, bytes.size(), bytes);
}

/// A write of which each sector is there or not.
void put_some(std::string& content, const disk_event& write, survival& chance) {
  for (std::size_t done = 0; done < write.bytes.size();) {
    auto at = write.at + done;
    auto count = std::min(write.bytes.size() - done, sector_bytes - at % sector_bytes);
    if (chance.of_one())
      put(content, at, std::string_view(write.bytes).substr(done, count));
    done += count;
  }
}

void change_names(std::map<std::string, int>& names, const disk_event& event) {
  switch (event.kind) {
  case kind::create: names[event.name] = event.file; break;
  case kind::remove: names.erase(event.name); break;
  case kind::rename:
    if (auto found = names.find(event.name); found != names.end()) {
      names[event.to] = found->second;
      names.erase(event.name);
    }
    break;
  default: break;
  }
}

bool changes_names(const disk_event& event) {
  return event.kind == kind::create || event.kind == kind::remove || event.kind == kind::rename;
}

} // namespace

recorded_disk::files recorded_disk::image_after(std::size_t count, std::mt19937_64& random,
                                                loss how) const {
  const auto& all = disk();
  std::map<int, std::string> contents;
  std::map<std::string, int> names;
  for (const auto& [name, bytes] : all.before) {
    auto file = static_cast<int>(names.size());
    names[name] = file;
    contents[file] = bytes;
  }
  std::map<int, std::size_t> synced; // by file; -1: the directory
  for (std::size_t i = 0; i < count; ++i)
    if (all.events[i].kind == kind::sync || all.events[i].kind == kind::sync_directory)
      synced[all.events[i].file] = i + 1;
  std::size_t names_pending = 0;
  for (std::size_t i = synced[-1]; i < count; ++i)
    names_pending += changes_names(all.events[i]) ? 1U : 0U;
  auto names_kept = random() % (names_pending + 1);
  std::map<int, survival> chances;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& event = all.events[i];
    if (changes_names(event)) {
      if (i < synced[-1] || names_kept > 0) {
        names_kept -= i < synced[-1] ? 0U : 1U;
        change_names(names, event);
      }
      continue;
    }
    auto chance = chances.try_emplace(event.file, random, how).first;
    bool is_there = i < synced[event.file] || event.is_durable;
    if (event.kind == kind::write && is_there)
      put(contents[event.file], event.at, event.bytes);
    else if (event.kind == kind::write)
      put_some(contents[event.file], event, chance->second);
    else if (event.kind == kind::resize && (is_there || chance->second.of_one()))
      contents[event.file].resize(event.at);
  }
  files image;
  for (const auto& [name, file] : names)
    image[name] = contents[file];
  return image;
}

void recorded_disk::write_files(const files& what, const std::string& directory) {
  for (const auto& [name, bytes] : what) {
    auto file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, (fs::path(directory) / name).c_str(),
                                         O_CREAT | O_TRUNC | O_WRONLY, 0600));
    for (std::size_t done = 0; done < bytes.size();)
      done += static_cast<std::size_t>(
          std::max(0L, syscall(SYS_write, file, bytes.data() + done, bytes.size() - done)));
    syscall(SYS_close, file);
  }
}

} // namespace tests
