// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/supervisor_commands.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

#include "tools/aspenctl/encoding.hpp"
#include "tools/aspenctl/endpoint_row.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

constexpr std::chrono::seconds watch_every{2};
constexpr std::size_t events_shown = 10;
constexpr const char* clear_screen = "\x1b[H\x1b[2J";

std::string two_digits(std::uint64_t value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

/// A member in milliseconds; `-` where it is null or not there.
std::string span_cell(const ordered_json& row, const char* member) {
  auto found = row.find(member);
  if (found == row.end() || !found->is_number())
    return "-";
  return span_text(found->get<std::uint64_t>());
}

std::string next_cell(const ordered_json& row) {
  auto what = cell(row, "next");
  auto when = span_cell(row, "next_attempt_in_ms");
  return when == "-" ? what : what + " in " + when;
}

std::string restarts_cell(const ordered_json& row) {
  return cell(row, "restarts") + " (" + cell(row, "restarts_in_window") + " in the window)";
}

const ordered_json& array_of(const ordered_json& body, const char* member) {
  static const ordered_json none = ordered_json::array();
  auto found = body.find(member);
  return found != body.end() && found->is_array() ? *found : none;
}

std::string children_text(const ordered_json& body) {
  text_table table(
      {"CHILD", "STATE", "SINCE", "RESTARTS", "BACK-OFF", "CIRCUIT", "NEXT", "LAST ERROR"});
  std::string group;
  for (const auto& row : array_of(body, "children")) {
    if (!row.is_object())
      continue;
    auto its_group = row.value("group", ordered_json()).is_string() ? cell(row, "group") : "";
    if (its_group != group && !its_group.empty())
      table.add({its_group, "", "", "", "", "", "", ""});
    group = its_group;
    table.add({(group.empty() ? "" : "  ") + cell(row, "name"), cell(row, "state"),
               span_cell(row, "state_since_ms"), restarts_cell(row), span_cell(row, "backoff_ms"),
               cell(row, "circuit_state"), next_cell(row), cell(row, "last_error")});
  }
  return table.to_string();
}

std::string check_text(const ordered_json& body) {
  auto check = body.value("last_check", ordered_json());
  if (!check.is_object())
    return "the stores were not checked yet\n";
  auto text = "last check: " + cell(check, "verdict") + ", at " + cell(check, "time") + ", took "
              + span_cell(check, "duration_ms") + "\n";
  for (const auto& each : array_of(check, "findings"))
    if (each.is_object() && each.value("is_violated", ordered_json()) == true)
      text += "  " + cell(each, "rule") + ": " + cell(each, "text") + "\n";
  if (check.value("what_to_do", ordered_json()).is_string())
    text += "  what to do: " + cell(check, "what_to_do") + "\n";
  return text;
}

std::string events_text(const ordered_json& body) {
  const auto& events = array_of(body, "events");
  if (events.empty())
    return {};
  text_table table({"TIME", "CHILD", "KIND", "REASON"});
  auto first = events.size() > events_shown ? events.size() - events_shown : 0;
  for (auto at = first; at < events.size(); ++at)
    if (events[at].is_object())
      table.add({cell(events[at], "time"), cell(events[at], "child"), cell(events[at], "kind"),
                 cell(events[at], "reason")});
  return table.to_string();
}

std::string text_of(const ordered_json& row) {
  if (row.value("error", ordered_json()).is_string())
    return cell(row, "endpoint") + ": " + cell(row, "error") + "\n";
  return cell(row, "endpoint") + ": phase " + cell(row, "phase") + ", circuit "
         + cell(row, "circuit_state") + ", " + cell(row, "total_restarts") + " restarts\n"
         + children_text(row) + check_text(row) + events_text(row);
}

outcome<void> show_once(const client& nodes, output_format format, const char* before) {
  auto rows = ordered_json::array();
  std::string text = before;
  std::size_t silent = 0;
  for (const auto& where : nodes.endpoints()) {
    auto row = endpoint_row(nodes, where, "/admin/supervisor");
    silent += row.contains("error") ? 1 : 0;
    text += (rows.empty() ? "" : "\n") + text_of(row);
    rows.push_back(std::move(row));
  }
  if (format == output_format::json)
    print_json(rows);
  else
    print(text);
  if (silent > 0)
    return fail(exit_status::unavailable, std::to_string(silent) + " of "
                                              + std::to_string(rows.size())
                                              + " endpoints did not answer");
  return {};
}

/// A restart is one node's matter: with several endpoints it is not clear whose.
outcome<void> ask_for(const client& nodes, output_format format, const std::string& name,
                      const std::string& verb) {
  if (nodes.endpoints().size() != 1)
    return fail(exit_status::usage, "supervisor " + verb + " is for one node: give one endpoint");
  auto body =
      nodes.ask_for_object({"POST", "/admin/supervisor/" + percent_encode(name) + "/" + verb, {}});
  if (!body)
    return tl::unexpected(std::move(body.error()));
  if (format == output_format::json)
    print_json(*body);
  else
    print(cell(*body, "what") + "\n");
  return {};
}

} // namespace

std::string span_text(std::uint64_t milliseconds) {
  auto seconds = milliseconds / 1000;
  if (seconds == 0)
    return std::to_string(milliseconds) + "ms";
  if (seconds < 60)
    return std::to_string(seconds) + "s";
  if (seconds < 3600)
    return std::to_string(seconds / 60) + "m" + two_digits(seconds % 60) + "s";
  if (seconds < 86400)
    return std::to_string(seconds / 3600) + "h" + two_digits(seconds % 3600 / 60) + "m";
  return std::to_string(seconds / 86400) + "d" + two_digits(seconds % 86400 / 3600) + "h";
}

outcome<void> supervisor_show(const client& nodes, output_format format, bool is_watched) {
  if (!is_watched)
    return show_once(nodes, format, "");
  bool clears = format == output_format::table && ::isatty(STDOUT_FILENO) == 1;
  for (;;) {
    auto shown = show_once(nodes, format, clears ? clear_screen : "");
    if (!shown || !finish_output())
      return shown;
    std::this_thread::sleep_for(watch_every);
  }
}

outcome<void> supervisor_restart(const client& nodes, output_format format,
                                 const std::string& name) {
  return ask_for(nodes, format, name, "restart");
}

outcome<void> supervisor_clear(const client& nodes, output_format format, const std::string& name) {
  return ask_for(nodes, format, name, "clear");
}

} // namespace aspenctl
