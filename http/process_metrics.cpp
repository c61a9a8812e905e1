// SPDX-License-Identifier: Apache-2.0
#include "http/process_metrics.hpp"

#include <array>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

namespace http {

namespace {

struct process_reading {
  double cpu_seconds = 0;
  double start_seconds = 0; ///< Unix time
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t threads = 0;
};

/// Unix time at which the machine was started.
double boot_seconds() {
  std::ifstream file("/proc/stat");
  std::string name;
  for (double value = 0; file >> name; file.ignore(4096, '\n'))
    if (name == "btime" && file >> value)
      return value;
  return 0;
}

process_reading read_process() {
  process_reading read;
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  // The name in parentheses may hold anything, blanks included; fields count from behind it.
  auto close = line.rfind(')');
  if (close == std::string::npos)
    return read;
  std::istringstream fields(line.substr(close + 1));
  std::array<std::string, 22> field; // proc(5): field n stands at n - 3
  for (auto& each : field)
    fields >> each;
  if (!fields)
    return read;
  auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  read.cpu_seconds = (std::stod(field[11]) + std::stod(field[12])) / ticks;
  read.threads = std::stoull(field[17]);
  read.start_seconds = boot_seconds() + std::stod(field[19]) / ticks;
  read.virtual_bytes = std::stoull(field[20]);
  read.resident_bytes = std::stoull(field[21]) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return read;
}

std::uint64_t open_descriptors() {
  auto* directory = opendir("/proc/self/fd");
  if (directory == nullptr)
    return 0;
  std::uint64_t count = 0;
  while (readdir(directory) != nullptr)
    ++count;
  closedir(directory);
  return count < 3 ? 0 : count - 3; // ".", "..", and the one used to look
}

} // namespace

void add_process_families(family_builder& into) {
  auto read = read_process();
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  into.counter("process_cpu_seconds_total", "User and system time").sample(read.cpu_seconds);
  into.gauge("process_resident_memory_bytes", "Resident memory").sample(read.resident_bytes);
  into.gauge("process_virtual_memory_bytes", "Virtual memory").sample(read.virtual_bytes);
  into.gauge("process_start_time_seconds", "Start of the process, Unix time")
      .sample(read.start_seconds);
  into.gauge("process_open_fds", "Open file descriptors").sample(open_descriptors());
  into.gauge("process_max_fds", "Bound on open file descriptors")
      .sample(static_cast<std::uint64_t>(limit.rlim_cur));
  into.gauge("process_threads", "Threads").sample(read.threads);
}

} // namespace http
