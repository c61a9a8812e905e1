// SPDX-License-Identifier: Apache-2.0
#include "node/core_recorder.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/log.hpp"
#include "replay/core_file.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::trace";
constexpr std::size_t kept = 2;
constexpr std::string_view extension = ".core";

std::string name_of_now() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  auto seconds = static_cast<std::time_t>(ms / 1000);
  return fmt::format("{:%Y%m%dT%H%M%S}.{:03}Z{}", fmt::gmtime(seconds), ms % 1000, extension);
}

void remove_oldest(const std::string& directory) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error))
    if (it->path().extension() == extension)
      found.push_back(it->path());
  std::ranges::sort(found, std::greater<>());
  for (std::size_t i = kept; i < found.size(); ++i)
    std::filesystem::remove(found[i], error);
}

} // namespace

core_recorder::core_recorder(int descriptor, std::uint64_t bytes_max)
  : descriptor_(descriptor), bytes_max_(bytes_max), thread_([this] { run(); }) {}

core_recorder::~core_recorder() {
  {
    std::lock_guard guard(mutex_);
    is_closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
  ::close(descriptor_);
}

void core_recorder::take(base::bytes record) {
  std::lock_guard guard(mutex_);
  if (has_ended_)
    return;
  if (taken_ + record.size() > bytes_max_)
    return end_with("the file has its size");
  if (waiting_.size() + record.size() > waiting_bytes_max)
    return end_with("the disk does not keep up");
  taken_ += record.size();
  waiting_ += record;
  changed_.notify_one();
}

/// Requires: the lock is held.
void core_recorder::end_with(const char* why) {
  has_ended_ = true;
  waiting_ += replay::record_of_bound();
  changed_.notify_one();
  base::log::warn(target, "the core is no longer recorded", {{"reason", why}, {"bytes", taken_}});
}

void core_recorder::run() {
  std::unique_lock guard(mutex_);
  for (;;) {
    changed_.wait(guard, [this] { return is_closing_ || !waiting_.empty(); });
    if (waiting_.empty())
      return;
    auto now = std::exchange(waiting_, {});
    guard.unlock();
    bool is_written = write(now);
    guard.lock();
    if (!is_written && !std::exchange(has_ended_, true))
      base::log::warn(target, "the core is no longer recorded",
                      {{"reason", std::strerror(errno)}, {"bytes", taken_}});
  }
}

bool core_recorder::write(const base::bytes& what) const {
  for (std::size_t at = 0; at < what.size();) {
    auto count = ::write(descriptor_, what.data() + at, what.size() - at);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    at += static_cast<std::size_t>(count);
  }
  return true;
}

std::shared_ptr<replay::record_sink> record_core(const std::string& directory,
                                                 std::uint64_t bytes_max) {
  std::error_code ignored;
  if (!directory.empty() && std::filesystem::create_directories(directory, ignored))
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, ignored);
  auto path = directory + "/" + name_of_now();
  auto descriptor =
      directory.empty() ? -1 : ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    base::log::warn(target, "the core is not recorded",
                    {{"reason", directory.empty() ? "this node keeps nothing on a disk"
                                                  : path + ": " + std::strerror(errno)}});
    return nullptr;
  }
  remove_oldest(directory);
  base::log::info(target, "recording the core", {{"file", path}});
  return std::make_shared<core_recorder>(descriptor, bytes_max);
}

} // namespace node
