// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/top_command.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "tools/aspenctl/endpoint_row.hpp"
#include "tools/aspenctl/supervisor_commands.hpp"
#include "trace/export_text.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

constexpr const char* clear_screen = "\x1b[H\x1b[2J";
constexpr std::size_t error_shown = 60; // characters of a last error; -o json has all

/// Columns of the terminal that stdout is; zero where it is none.
std::size_t terminal_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return 0;
  return size.ws_col;
}

double number(const ordered_json& row, const char* member) {
  auto found = row.find(member);
  return found != row.end() && found->is_number() ? found->get<double>() : 0;
}

std::string time_cell(const ordered_json& row, const char* member) {
  auto us = number(row, member);
  return us <= 0 ? "-" : trace::duration_text(static_cast<std::uint64_t>(us * 1000));
}

std::string age_cell(const ordered_json& row, const char* member) {
  auto found = row.find(member);
  return found != row.end() && found->is_number_unsigned() ? span_text(found->get<std::uint64_t>())
                                                           : "-";
}

/// "persist" for "actors::persist".
std::string message_cell(const ordered_json& row) {
  auto name = cell(row, "current_message");
  auto last = name.rfind("::", name.find('<'));
  return last == std::string::npos ? name : name.substr(last + 2);
}

std::string rate_cell(const ordered_json& row) {
  return std::to_string(std::llround(number(row, "messages_per_second")));
}

std::string lost_cell(const ordered_json& row) {
  auto count = [&row](const char* member) {
    auto found = row.find(member);
    return found != row.end() && found->is_object() ? number(*found, "count") : 0.0;
  };
  return std::to_string(std::llround(count("dead_letters") + count("unhandled")
                                     + number(row, "unread_at_end")
                                     + number(row, "rejected_total")));
}

std::string error_cell(const ordered_json& row) {
  auto text = cell(row, "last_error");
  return text.size() <= error_shown ? text : text.substr(0, error_shown - 3) + "...";
}

std::string table_of(const ordered_json& row) {
  text_table table({"ACTOR", "STATE", "DEPTH", "OLDEST", "IN HAND", "SINCE", "MSG/S", "QUEUE P50",
                    "P99", "HANDLE P50", "P99", "RESTARTS", "LOST", "LAST ERROR"});
  auto actors = row.find("actors");
  if (actors == row.end() || !actors->is_array())
    return table.to_string();
  for (const auto& each : *actors)
    if (each.is_object())
      table.add({cell(each, "name"), cell(each, "state"), cell(each, "mailbox_depth"),
                 number(each, "mailbox_depth") > 0 ? age_cell(each, "oldest_message_ms") : "-",
                 message_cell(each), age_cell(each, "current_message_ms"), rate_cell(each),
                 time_cell(each, "queue_p50_us"), time_cell(each, "queue_p99_us"),
                 time_cell(each, "handle_p50_us"), time_cell(each, "handle_p99_us"),
                 cell(each, "restarts"), lost_cell(each), error_cell(each)});
  return table.to_string();
}

/// Each line no longer than that; zero: as it is. Bytes are counted, a character is never cut in two.
std::string cut_to(const std::string& text, std::size_t width) {
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    auto length = width == 0 ? end - at : std::min(end - at, width);
    while (length < end - at && (static_cast<unsigned char>(text[at + length]) & 0xc0U) == 0x80U)
      --length;
    made += text.substr(at, length) + "\n";
    at = end + 1;
  }
  return made;
}

std::string text_of(const ordered_json& row, bool has_others) {
  if (row.contains("error"))
    return cell(row, "endpoint") + ": " + cell(row, "error") + "\n";
  return (has_others ? cell(row, "endpoint") + "\n" : "") + table_of(row);
}

outcome<void> show_once(const client& nodes, output_format format, bool is_first) {
  auto rows = ordered_json::array();
  std::string text;
  std::size_t silent = 0;
  for (const auto& where : nodes.endpoints()) {
    auto row = endpoint_row(nodes, where, "/debug/actors");
    silent += row.contains("error") ? 1 : 0;
    text += (rows.empty() ? "" : "\n") + text_of(row, nodes.endpoints().size() > 1);
    rows.push_back(std::move(row));
  }
  auto width = terminal_width();
  if (format == output_format::json)
    print(rows.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
  else
    print((width > 0 ? clear_screen : is_first ? "" : "\n") + cut_to(text, width));
  if (silent > 0)
    return fail(exit_status::unavailable, std::to_string(silent) + " of "
                                              + std::to_string(rows.size())
                                              + " endpoints did not answer");
  return {};
}

} // namespace

outcome<void> top(const client& nodes, output_format format, const top_options& options) {
  auto interval = parse_span(options.interval);
  if (!interval || *interval < std::chrono::milliseconds(100) || *interval > std::chrono::hours(1))
    return fail(exit_status::usage,
                "--interval: " + (interval ? "from 100ms to an hour" : interval.error().text));
  if (options.is_json)
    format = output_format::json;
  for (bool is_first = true;; is_first = false) {
    auto shown = show_once(nodes, format, is_first);
    if (!shown || !finish_output() || options.is_once)
      return shown;
    std::this_thread::sleep_for(*interval);
  }
}

} // namespace aspenctl
