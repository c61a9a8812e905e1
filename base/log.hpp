// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/uuid.hpp"

/// One event a line: `2026-01-02T03:04:05.678901Z WARN  target: text key=value`,
/// or the same as a JSON object. Targets are paths (`aspen::raft::storage_sqlite`),
/// filtered as in `ASPEN_LOG=info,aspen::http=debug`.
namespace base::log {

enum class level { trace, debug, info, warn, error, off };

std::string_view to_string(level value);

/// One `key=value` of a line. Numbers and booleans stay bare in JSON; text is
/// quoted in text form only when it holds a space, a quote or a control byte.
struct field {
  std::string_view key;
  std::string value;
  bool is_text = true;

  field(std::string_view name, std::string text) : key(name), value(std::move(text)) {}
  field(std::string_view name, std::string_view text) : key(name), value(text) {}
  field(std::string_view name, const char* text) : key(name), value(text) {}
  field(std::string_view name, bool truth)
    : key(name), value(truth ? "true" : "false"), is_text(false) {}
  template <class Number>
    requires(std::integral<Number> || std::floating_point<Number>)
  field(std::string_view name, Number number)
    : key(name), value(std::to_string(number)), is_text(false) {}
};

using fields = std::initializer_list<field>;

/// Which targets write from which level on. The longest matching prefix wins.
class filter {
public:
  filter() = default;
  /// Parses `level` and `target=level` directives separated by commas.
  /// Errors: `invalid`, naming the directive and the levels that exist.
  static result<filter> parse(std::string_view directives);

  level level_of(std::string_view target) const;

private:
  level default_ = level::info;
  std::vector<std::pair<std::string, level>> targets_;
};

enum class format { text, json };

/// Takes one complete line, without its newline. Called from any thread.
using output = std::function<void(level, std::string_view line)>;

/// Replaces filter, form and output together. Until the first call, lines of level
/// `info` and above go to stderr as text. Any thread.
void configure(filter which, format form, output where);

/// Whether a line would be written; lets a caller skip costly fields. Any thread.
bool enabled(level value, std::string_view target);

/// Writes one line. Control bytes in values are escaped, so that no input can
/// forge a line. Any thread.
void write(level value, std::string_view target, std::string_view text, fields values = {});

inline void debug(std::string_view target, std::string_view text, fields values = {}) {
  write(level::debug, target, text, values);
}
inline void info(std::string_view target, std::string_view text, fields values = {}) {
  write(level::info, target, text, values);
}
inline void warn(std::string_view target, std::string_view text, fields values = {}) {
  write(level::warn, target, text, values);
}
inline void error(std::string_view target, std::string_view text, fields values = {}) {
  write(level::error, target, text, values);
}

/// The trace id that lines written by this thread carry (`trace_id=`, 32 digits);
/// nil for none. Returns the previous one, which the caller puts back when the
/// piece of work ends: a thread works for many requests.
uuid exchange_trace(uuid trace);

} // namespace base::log
