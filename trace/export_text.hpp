// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "trace/recording.hpp"

/// What the exports share: text that is appended piece by piece.
namespace trace {

/// `name` between quotes, as JSON wants it.
std::string json_text(std::string_view name);

/// All names of a recording, each as `json_text` makes it.
std::vector<std::string> json_names(const recording& what);

/// 32 hexadecimal digits, as in a `traceparent`.
std::string hexadecimal(const base::uuid& trace);
/// 16 of them, as for a span there.
std::string hexadecimal(span_id span);

/// "56 us", "1.234 ms", "2.500 s".
std::string duration_text(std::uint64_t ns);

/// Dates as "2026-11-23T17:58:00.123456789Z". Consecutive events mostly share their second.
class clock_text {
public:
  /// Valid until the next call.
  std::string_view of(std::uint64_t unix_ns);

private:
  std::time_t seconds_ = 0;
  std::string text_;
};

inline void append(std::string& out, std::uint64_t number) {
  char digits[24];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  static_cast<void>(error);
  out.append(digits, end);
}

inline void append(std::string& out, std::string_view text) {
  out.append(text);
}

inline void append(std::string& out, const char* text) {
  out.append(text);
}

template <class First, class Second, class... More>
void append(std::string& out, const First& first, const Second& second, const More&... more) {
  append(out, first);
  append(out, second, more...);
}

} // namespace trace
