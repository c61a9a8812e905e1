// SPDX-License-Identifier: Apache-2.0
#include "supervisor/quarantine.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "storage/plain_files.hpp"

namespace supervisor {

namespace {

using nlohmann::ordered_json;
using std::chrono::system_clock;

constexpr auto rule = "INV-108";
constexpr std::size_t put_away_max = 10;
constexpr const char* put_away_prefix = "quarantine-";
constexpr const char* readable_time = "%Y-%m-%dT%H:%M:%SZ";
constexpr const char* time_in_a_name = "%Y%m%dT%H%M%SZ";
constexpr const char* explanation =
    "Aspen refused to start on these stores. It starts nothing on them, and changes nothing in "
    "them, until they were replaced and pass the full check, or an operator who knows that they "
    "are good says so: aspenctl supervisor clear stores (the check runs again then).";

std::string text_of(system_clock::time_point at, const char* format) {
  auto whole = system_clock::to_time_t(at);
  std::tm utc{};
  gmtime_r(&whole, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, format, &utc)};
}

system_clock::time_point time_of(const std::string& text) {
  std::tm utc{};
  if (strptime(text.c_str(), readable_time, &utc) == nullptr)
    throw std::invalid_argument("no time: " + text);
  return system_clock::from_time_t(timegm(&utc));
}

ordered_json rules_of(const storage::check_report& report) {
  auto rules = ordered_json::array();
  for (const auto& finding : report.findings)
    if (finding.is_violated)
      rules.push_back({{"rule", finding.rule}, {"text", finding.text}});
  return rules;
}

ordered_json files_of(const quarantine_record& record) {
  auto files = ordered_json::array();
  for (const auto& each : record.files)
    files.push_back({{"name", each.name}, {"bytes", each.bytes}, {"digest", each.digest}});
  return files;
}

std::string encode(const quarantine_record& record) {
  auto report = ordered_json::parse(storage::to_json(record.report));
  ordered_json body{{"about", explanation},
                    {"written", text_of(record.written, readable_time)},
                    {"rules_violated", rules_of(record.report)},
                    {"last_applied", report["last_applied"]},
                    {"committed", report["commit_index"]},
                    {"what_to_do", record.report.what_to_do},
                    {"checked_as", record.checked_as},
                    {"log_uuid", record.report.log_uuid},
                    {"state_digest", record.report.state_digest},
                    {"files", files_of(record)},
                    {"report", std::move(report)}};
  return body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

quarantine_record decode(const std::string& text) {
  auto body = nlohmann::json::parse(text);
  quarantine_record record;
  record.written = time_of(body.at("written").get<std::string>());
  record.checked_as = body.at("checked_as").get<std::string>();
  for (const auto& each : body.at("files"))
    record.files.push_back({each.at("name").get<std::string>(),
                            each.at("bytes").get<std::uint64_t>(),
                            each.at("digest").get<std::string>()});
  auto report = storage::check_report_from_json(body.at("report").dump());
  if (!report || report->verdict != storage::verdict::refuse)
    throw std::invalid_argument("its report is no refusal");
  record.report = std::move(*report);
  return record;
}

base::error cannot(const std::string& doing, const std::string& path) {
  return {base::errc::io, doing + " " + path + " failed"};
}

storage::rule_finding finding_of(std::string text) {
  return {rule, std::move(text), true};
}

} // namespace

std::string quarantine::path() const {
  return (std::filesystem::path(directory_) / quarantine_file).string();
}

base::result<quarantine_record> quarantine::read() const {
  if (!storage::file_exists(path()))
    return base::fail(base::errc::not_found, "there is no " + path());
  std::ifstream file(path());
  std::stringstream text;
  text << file.rdbuf();
  if (!file)
    return base::fail(cannot("reading", path()));
  try {
    return decode(text.str());
  } catch (const std::exception& wrong) {
    return base::fail(base::errc::corrupt, path() + ": " + wrong.what());
  }
}

base::status quarantine::write(const quarantine_record& record) const {
  auto fresh = path() + ".new";
  if (auto made = storage::make_private_file(fresh); !made)
    return made;
  std::ofstream file(fresh);
  file << encode(record);
  file.close();
  if (!file)
    return base::fail(cannot("writing", fresh));
  return storage::sync_and_rename(fresh, path());
}

base::status quarantine::put_away(system_clock::time_point now) const {
  if (!storage::file_exists(path()))
    return {};
  auto name = std::string(put_away_prefix) + text_of(now, time_in_a_name) + ".json";
  auto kept = (std::filesystem::path(directory_) / name).string();
  if (auto moved = storage::sync_and_rename(path(), kept); !moved)
    return moved;
  forget_the_oldest();
  return {};
}

void quarantine::forget_the_oldest() const {
  std::vector<std::string> all;
  std::error_code code;
  for (const auto& each : std::filesystem::directory_iterator(directory_, code))
    if (each.path().filename().string().starts_with(put_away_prefix))
      all.push_back(each.path().string());
  std::ranges::sort(all); // their names begin with the time
  for (std::size_t i = 0; i + put_away_max < all.size(); ++i)
    std::filesystem::remove(all[i], code);
}

storage::check_report refusal_of(const quarantine_record& record, const std::string& path) {
  auto report = record.report;
  report.findings.push_back(finding_of("the stores are in quarantine since "
                                       + text_of(record.written, readable_time)
                                       + " and were not replaced since; the record is " + path));
  report.what_to_do += (report.what_to_do.empty() ? "" : " ")
                       + std::string("Where they are known to be good: aspenctl supervisor clear "
                                     "stores; the check runs again then.");
  report.duration_ms = 0;
  return report;
}

storage::check_report refusal_of_unreadable(const base::error& why, const std::string& path) {
  storage::check_report report;
  report.verdict = storage::verdict::refuse;
  report.findings.push_back(finding_of("the stores are in quarantine, and its record " + path
                                       + " cannot be understood: " + why.text));
  report.what_to_do = "Look at the stores with aspen-debug-storage check; then aspenctl supervisor "
                      "clear stores puts the record away, and the check runs again.";
  return report;
}

} // namespace supervisor
