// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "tools/aspen-backup/backup_file.hpp"
#include "tools/aspen-backup/commands.hpp"
#include "tools/common/progress.hpp"

namespace aspen_backup {

namespace {

using nlohmann::ordered_json;

outcome<std::vector<std::string>> files_of(const std::vector<std::string>& named) {
  std::vector<std::string> files;
  for (const auto& each : named) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(each, ignored)) {
      files.push_back(each);
      continue;
    }
    auto found = list_backups(each);
    if (!found)
      return tl::unexpected(std::move(found.error()));
    if (found->empty())
      return fail(exit_status::failed, "there is no backup in " + each);
    for (const auto& one : *found)
      files.push_back(one.file);
  }
  return files;
}

void print_one(const verification& one) {
  if (one.faults.empty()) {
    tools::print(one.file + ": sound: " + std::to_string(one.told.rows) + " rows, index "
                 + std::to_string(one.told.at.index.value) + ", "
                 + tools::size_text(one.told.size_bytes) + ", of " + time_text(one.told.created_at)
                 + "\n");
    return;
  }
  tools::print(one.file + ": NOT SOUND\n");
  for (const auto& each : one.faults)
    tools::print("  " + tools::as_cell(each) + "\n");
}

std::string state_of(const listed_backup& one) {
  return one.trouble.empty() ? "present" : one.trouble;
}

} // namespace

outcome<exit_status> verify(const std::vector<std::string>& what, const common_options& how) {
  auto files = files_of(what);
  if (!files)
    return tl::unexpected(std::move(files.error()));
  auto worst = exit_status::done;
  auto all = ordered_json::array();
  for (const auto& each : *files) {
    auto one = verify_file(each, how.is_quiet);
    worst = std::max(worst, one.status);
    if (how.format == tools::output_format::table)
      print_one(one);
    all.push_back({{"file", one.file},
                   {"is_sound", one.faults.empty()},
                   {"faults", one.faults},
                   {"manifest", to_json(one.told)}});
  }
  if (how.format == tools::output_format::json)
    tools::print_json(ordered_json{{"backups", all}});
  return worst;
}

outcome<exit_status> list(const std::string& directory, const common_options& how) {
  auto found = list_backups(directory);
  if (!found)
    return tl::unexpected(std::move(found.error()));
  auto all = ordered_json::array();
  tools::text_table table(
      {"FILE", "CREATED", "NODE", "INDEX", "ROWS", "SIZE", "CLUSTER", "FILE IS"});
  for (const auto& one : *found) {
    table.add({tools::as_cell(std::filesystem::path(one.file).filename().string()),
               time_text(one.told.created_at), std::to_string(one.told.server_id),
               std::to_string(one.told.at.index.value), std::to_string(one.told.rows),
               tools::size_text(one.told.size_bytes), base::to_string(one.told.cluster_id),
               tools::as_cell(state_of(one))});
    all.push_back({{"file", one.file}, {"trouble", one.trouble}, {"manifest", to_json(one.told)}});
  }
  if (how.format == tools::output_format::json)
    tools::print_json(ordered_json{{"backups", all}});
  else
    tools::print(table.to_string());
  return exit_status::done;
}

} // namespace aspen_backup
