// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "storage/cross_check.hpp"

namespace storage {
namespace {

using nlohmann::json;

template <class Value, std::size_t Count>
using names = std::array<std::pair<Value, std::string_view>, Count>;

constexpr names<verdict, 4> verdict_names{{{verdict::ok, "ok"},
                                           {verdict::retry, "retry"},
                                           {verdict::rebuild, "rebuild"},
                                           {verdict::refuse, "refuse"}}};
constexpr names<install_step, 4> install_names{{{install_step::none, "none"},
                                                {install_step::finish, "finish"},
                                                {install_step::swap, "swap"},
                                                {install_step::drop, "drop"}}};
constexpr names<backend, 3> backend_names{
    {{backend::sqlite, "sqlite"}, {backend::lmdb, "lmdb"}, {backend::inmemory, "inmemory"}}};

template <class Value, std::size_t Count>
std::string_view name_of(const names<Value, Count>& all, Value value) {
  for (const auto& [one, name] : all)
    if (one == value)
      return name;
  return "unknown";
}

/// Throws, as the library's own accessors do, for a name that is not in the list.
template <class Value, std::size_t Count>
Value value_of(const names<Value, Count>& all, const std::string& name) {
  for (const auto& [one, text] : all)
    if (text == name)
      return one;
  throw json::other_error::create(501, "no such name: " + name, nullptr);
}

json to_value(const std::optional<raft::log_index>& index) {
  return index ? json(index->value) : json(nullptr);
}

std::optional<raft::log_index> to_index(const json& value) {
  if (value.is_null())
    return std::nullopt;
  return raft::log_index{value.get<std::uint64_t>()};
}

check_report to_report(const json& value) {
  check_report report;
  report.verdict = value_of(verdict_names, value.at("verdict").get<std::string>());
  for (const auto& one : value.at("findings"))
    report.findings.push_back({one.at("rule").get<std::string>(), one.at("text").get<std::string>(),
                               one.at("violated").get<bool>()});
  if (const auto& at = value.at("last_applied"); !at.is_null())
    report.last_applied = raft::entry_id{raft::log_index{at.at("index").get<std::uint64_t>()},
                                         raft::term{at.at("term").get<std::uint64_t>()}};
  report.commit_index = to_index(value.at("commit_index"));
  report.last_index = to_index(value.at("last_index"));
  report.digest_was_complete = value.at("digest_was_complete").get<bool>();
  report.wal_must_be_set_aside = value.at("wal_must_be_set_aside").get<bool>();
  report.install = value_of(install_names, value.at("install").get<std::string>());
  report.state_is_lost = value.at("state_is_lost").get<bool>();
  report.state_must_be_set_aside = value.at("state_must_be_set_aside").get<bool>();
  for (const auto& one : value.at("entries_to_repair"))
    report.entries_to_repair.push_back(raft::log_index{one.get<std::uint64_t>()});
  report.duration_ms = value.at("duration_ms").get<std::uint64_t>();
  report.what_to_do = value.at("what_to_do").get<std::string>();
  report.log_uuid = value.at("log_uuid").get<std::string>();
  report.state_digest = value.at("state_digest").get<std::string>();
  return report;
}

} // namespace

std::string_view to_string(verdict value) {
  return name_of(verdict_names, value);
}
std::string_view to_string(install_step value) {
  return name_of(install_names, value);
}
std::string_view to_string(backend value) {
  return name_of(backend_names, value);
}

std::string to_json(const check_report& report) {
  auto findings = json::array();
  for (const auto& one : report.findings)
    findings.push_back({{"rule", one.rule}, {"text", one.text}, {"violated", one.is_violated}});
  auto to_repair = json::array();
  for (auto index : report.entries_to_repair)
    to_repair.push_back(index.value);
  json value{{"verdict", to_string(report.verdict)},
             {"findings", std::move(findings)},
             {"last_applied", nullptr},
             {"commit_index", to_value(report.commit_index)},
             {"last_index", to_value(report.last_index)},
             {"digest_was_complete", report.digest_was_complete},
             {"wal_must_be_set_aside", report.wal_must_be_set_aside},
             {"install", to_string(report.install)},
             {"state_is_lost", report.state_is_lost},
             {"state_must_be_set_aside", report.state_must_be_set_aside},
             {"entries_to_repair", std::move(to_repair)},
             {"duration_ms", report.duration_ms},
             {"what_to_do", report.what_to_do},
             {"log_uuid", report.log_uuid},
             {"state_digest", report.state_digest}};
  if (report.last_applied)
    value["last_applied"] = {{"index", report.last_applied->index.value},
                             {"term", report.last_applied->term.value}};
  // Paths and complaints need not be UTF-8; a report must always be deliverable.
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<check_report> check_report_from_json(std::string_view text) {
  try {
    return to_report(json::parse(text));
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

} // namespace storage
