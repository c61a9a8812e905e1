// SPDX-License-Identifier: Apache-2.0
#include "storage/lock_holders.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "storage/sqlite_schema.hpp"

namespace storage {

namespace {

// The bytes of the -shm file that stand for a lock each.
constexpr std::uint64_t write_byte = 120;
constexpr std::uint64_t checkpoint_byte = 121;
constexpr std::uint64_t first_read_byte = 123;
constexpr std::uint64_t last_read_byte = 127;

std::string program_of(std::int64_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

struct lock_line {
  std::int64_t process = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// `1: POSIX  ADVISORY  READ 4711 fd:01:1234 123 123`. One that waits has "->" before
/// its kind, and so falls out: it holds nothing.
bool read_line(const std::string& line, const std::string& file, lock_line& out) {
  std::istringstream words(line);
  std::string number, kind, mode, access, place, last;
  if (!(words >> number >> kind >> mode >> access >> out.process >> place >> out.first >> last)
      || place != file)
    return false;
  if (last == "EOF") {
    out.last = UINT64_MAX;
    return true;
  }
  return static_cast<bool>(std::istringstream(last) >> out.last);
}

void note(const lock_line& lock, lock_holder& holder) {
  auto covers = [&](std::uint64_t first, std::uint64_t last) {
    return lock.first <= last && lock.last >= first;
  };
  holder.writes |= covers(write_byte, write_byte);
  holder.checkpoints |= covers(checkpoint_byte, checkpoint_byte);
  holder.reads |= covers(first_read_byte, last_read_byte);
}

std::string describe(const lock_holder& holder) {
  if (holder.is_this_process)
    return holder.reads ? "a reader of this node" : "this node";
  auto text = holder.process > 0 ? "process " + std::to_string(holder.process)
                                 : std::string("a process of another container");
  if (!holder.program.empty())
    text += " (" + holder.program + ")";
  if (holder.writes)
    return text + ", which writes";
  return text + (holder.checkpoints ? ", which checkpoints" : ", which reads");
}

} // namespace

std::vector<lock_holder> lock_holders(const std::string& path) {
  struct stat facts{};
  if (::stat(shm_path(path).c_str(), &facts) != 0)
    return {};
  std::ifstream file("/proc/locks");
  std::string locks{std::istreambuf_iterator<char>(file), {}};
  auto holders = lock_holders_in(locks, facts.st_dev, facts.st_ino);
  for (auto& holder : holders) {
    holder.is_this_process = holder.process == ::getpid();
    holder.program = program_of(holder.process);
  }
  return holders;
}

std::vector<lock_holder> lock_holders_in(std::string_view locks, unsigned long device,
                                         unsigned long inode) {
  std::ostringstream file;
  file.setf(std::ios::hex, std::ios::basefield);
  file.fill('0');
  file.width(2);
  file << gnu_dev_major(device) << ':';
  file.width(2);
  file << gnu_dev_minor(device) << ':' << std::dec << inode;
  std::map<std::int64_t, lock_holder> by_process;
  std::istringstream lines{std::string(locks)};
  for (std::string line; std::getline(lines, line);) {
    lock_line lock;
    if (!read_line(line, file.str(), lock))
      continue;
    lock_holder seen;
    note(lock, seen);
    // The one byte everybody holds who has the database open tells nothing.
    if (!seen.writes && !seen.checkpoints && !seen.reads)
      continue;
    auto& holder = by_process[lock.process];
    holder.process = std::max<std::int64_t>(lock.process, 0);
    holder.writes |= seen.writes;
    holder.checkpoints |= seen.checkpoints;
    holder.reads |= seen.reads;
  }
  std::vector<lock_holder> holders;
  for (auto& [process, holder] : by_process)
    holders.push_back(std::move(holder));
  return holders;
}

std::string describe(const std::vector<lock_holder>& holders) {
  std::string text;
  for (const auto& holder : holders)
    text += (text.empty() ? "" : "; ") + describe(holder);
  return text;
}

} // namespace storage
