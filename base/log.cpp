// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/hash.hpp"

namespace base::log {

namespace {

struct setup {
  filter which;
  format form = format::text;
  output where = [](level, std::string_view line) {
    // One call a line, so that lines of two threads never mix.
    auto whole = std::string(line) + "\n";
    std::fwrite(whole.data(), 1, whole.size(), stderr);
  };
};

std::mutex setup_mutex;
std::shared_ptr<const setup> current_setup = std::make_shared<setup>();

std::shared_ptr<const setup> get_setup() {
  std::lock_guard guard(setup_mutex);
  return current_setup;
}

thread_local uuid current_trace;

constexpr std::array<std::string_view, 6> level_names{"trace", "debug", "info",
                                                      "warn",  "error", "off"};
constexpr std::array<std::string_view, 6> level_labels{"TRACE", "DEBUG", "INFO ",
                                                       "WARN ", "ERROR", "OFF  "};

std::string timestamp() {
  auto now = std::chrono::system_clock::now();
  auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06d}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), micros);
}

void append_escaped(std::string& out, std::string_view text) {
  for (char byte : text) {
    auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\')
      out.append(1, '\\').append(1, byte);
    else if (code < 0x20 || code == 0x7f)
      out += fmt::format("\\u{:04x}", code);
    else
      out.push_back(byte);
  }
}

bool needs_quotes(std::string_view text) {
  for (char byte : text)
    if (static_cast<unsigned char>(byte) <= 0x20 || byte == '"' || byte == '\\' || byte == 0x7f)
      return true;
  return text.empty();
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  append_escaped(out, text);
  out.push_back('"');
}

std::string trace_digits() {
  return to_hex(byte_view(reinterpret_cast<const char*>(current_trace.octets.data()),
                          current_trace.octets.size()));
}

std::string text_line(level value, std::string_view target, std::string_view text, fields values) {
  auto line =
      fmt::format("{} {} {}: ", timestamp(), level_labels[static_cast<std::size_t>(value)], target);
  append_escaped(line, text);
  auto append_field = [&line](std::string_view key, std::string_view content) {
    line.append(1, ' ').append(key).append(1, '=');
    if (needs_quotes(content))
      append_quoted(line, content);
    else
      line += content;
  };
  for (const auto& each : values)
    append_field(each.key, each.value);
  if (!current_trace.is_nil())
    append_field("trace_id", trace_digits());
  return line;
}

std::string json_line(level value, std::string_view target, std::string_view text, fields values) {
  auto line = fmt::format(R"({{"ts":"{}","level":"{}","target":")", timestamp(), to_string(value));
  append_escaped(line, target);
  line += R"(","msg":)";
  append_quoted(line, text);
  auto append_key = [&line](std::string_view key) {
    line.push_back(',');
    append_quoted(line, key);
    line.push_back(':');
  };
  for (const auto& each : values) {
    append_key(each.key);
    if (each.is_text)
      append_quoted(line, each.value);
    else
      line += each.value;
  }
  if (!current_trace.is_nil()) {
    append_key("trace_id");
    append_quoted(line, trace_digits());
  }
  line.push_back('}');
  return line;
}

result<level> level_from(std::string_view name) {
  for (std::size_t i = 0; i < level_names.size(); ++i)
    if (level_names[i] == name)
      return static_cast<level>(i);
  return fail(errc::invalid, fmt::format("log level '{}' is none of trace, debug, info, warn, "
                                         "error, off",
                                         name));
}

bool is_below(std::string_view target, std::string_view prefix) {
  return target.starts_with(prefix)
         && (target.size() == prefix.size() || target.substr(prefix.size()).starts_with("::"));
}

} // namespace

std::string_view to_string(level value) {
  return level_names[static_cast<std::size_t>(value)];
}

result<filter> filter::parse(std::string_view directives) {
  filter parsed;
  while (!directives.empty()) {
    auto comma = directives.find(',');
    auto directive = directives.substr(0, comma);
    directives.remove_prefix(comma == std::string_view::npos ? directives.size() : comma + 1);
    if (directive.empty())
      continue;
    auto equals = directive.find('=');
    auto value =
        level_from(equals == std::string_view::npos ? directive : directive.substr(equals + 1));
    if (!value)
      return fail(value.error().within("directive '" + std::string(directive) + "'"));
    if (equals == std::string_view::npos)
      parsed.default_ = *value;
    else
      parsed.targets_.emplace_back(directive.substr(0, equals), *value);
  }
  return parsed;
}

level filter::level_of(std::string_view target) const {
  auto found = default_;
  std::size_t longest = 0;
  for (const auto& [prefix, value] : targets_)
    if (is_below(target, prefix) && prefix.size() >= longest) {
      longest = prefix.size();
      found = value;
    }
  return found;
}

void configure(filter which, format form, output where) {
  auto next = std::make_shared<setup>();
  next->which = std::move(which);
  next->form = form;
  next->where = std::move(where);
  std::lock_guard guard(setup_mutex);
  current_setup = std::move(next);
}

bool enabled(level value, std::string_view target) {
  return value >= get_setup()->which.level_of(target);
}

void write(level value, std::string_view target, std::string_view text, fields values) {
  auto chosen = get_setup();
  if (value < chosen->which.level_of(target))
    return;
  chosen->where(value, chosen->form == format::text ? text_line(value, target, text, values)
                                                    : json_line(value, target, text, values));
}

uuid exchange_trace(uuid trace) {
  return std::exchange(current_trace, trace);
}

} // namespace base::log
