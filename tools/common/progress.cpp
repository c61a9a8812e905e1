// SPDX-License-Identifier: Apache-2.0
#include "tools/common/progress.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <unistd.h>

namespace tools {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds bar_interval{100};
constexpr std::chrono::seconds line_interval{5};
constexpr std::size_t bar_characters = 30;

std::string bar_of(std::uint64_t reached, std::uint64_t total) {
  auto filled = total == 0 ? 0 : std::min(reached, total) * bar_characters / total;
  return "[" + std::string(filled, '#') + std::string(bar_characters - filled, '.') + "]";
}

} // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit)
    value /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text.data();
}

progress::progress(std::string doing, std::uint64_t total_bytes, bool is_quiet)
  : doing_(std::move(doing)), total_(total_bytes), is_quiet_(is_quiet),
    is_terminal_(::isatty(STDERR_FILENO) == 1), began_(steady_clock::now()), shown_(began_) {
  if (!is_quiet_ && is_terminal_)
    show();
}

progress::~progress() {
  if (was_shown_ && is_terminal_)
    std::fputc('\n', stderr);
}

void progress::at(std::uint64_t bytes) {
  reached_ = bytes;
  auto now = steady_clock::now();
  auto interval = is_terminal_ ? std::chrono::nanoseconds(bar_interval)
                               : std::chrono::nanoseconds(line_interval);
  if (is_quiet_ || now - shown_ < interval)
    return;
  show();
}

void progress::done() {
  if (total_ == 0)
    total_ = reached_;
  reached_ = total_;
  if (!is_quiet_)
    show();
}

void progress::show() {
  shown_ = steady_clock::now();
  auto seconds = std::chrono::duration<double>(shown_ - began_).count();
  auto speed = seconds > 0 ? static_cast<double>(reached_) / seconds : 0.0;
  auto percent = total_ == 0 ? std::uint64_t{0} : std::min(reached_, total_) * 100 / total_;
  auto figures = size_text(reached_) + (total_ == 0 ? "" : " of " + size_text(total_)) + ", "
                 + size_text(static_cast<std::uint64_t>(speed)) + "/s";
  if (is_terminal_)
    std::fprintf(stderr, "\r%-12s %s %3u %%  %s\x1b[K", doing_.c_str(),
                 bar_of(reached_, total_).c_str(), static_cast<unsigned>(percent), figures.c_str());
  else
    std::fprintf(stderr, "%s: %u %%, %s\n", doing_.c_str(), static_cast<unsigned>(percent),
                 figures.c_str());
  std::fflush(stderr);
  was_shown_ = true;
}

} // namespace tools
