// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tools {

/// How long work stands, on stderr: a bar that is drawn over on a terminal, now and then a line elsewhere. One thread.
class progress {
public:
  /// `total` zero: not known yet. Where `is_quiet`, nothing is shown.
  progress(std::string doing, std::uint64_t total_bytes, bool is_quiet);
  /// Shows the end, when the work came to one, and begins a new line.
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void set_total(std::uint64_t bytes) { total_ = bytes; }
  void at(std::uint64_t bytes);
  /// The work is done, whatever was reached.
  void done();

private:
  void show();

  std::string doing_;
  std::uint64_t total_;
  std::uint64_t reached_ = 0;
  bool is_quiet_;
  bool is_terminal_;
  bool was_shown_ = false;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point shown_;
};

/// `12.3 MiB`.
std::string size_text(std::uint64_t bytes);

} // namespace tools
