// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <map>

#include "storage/plain_files.hpp"
#include "tools/aspen-backup/backup_file.hpp"
#include "tools/aspen-backup/commands.hpp"
#include "tools/aspen-backup/retention.hpp"
#include "tools/common/node_lock.hpp"

namespace aspen_backup {

namespace {

/// The newest of each cluster that is found to be sound, so that no retention leaves a cluster without one. Those
/// that are not sound are no reason to remove anything.
outcome<std::map<base::uuid, std::string>> newest_sound(const std::vector<listed_backup>& all,
                                                        bool is_quiet) {
  std::map<base::uuid, std::string> newest;
  for (const auto& one : all) {
    if (!one.trouble.empty() || newest.contains(one.told.cluster_id))
      continue;
    if (verify_file(one.file, is_quiet).faults.empty())
      newest[one.told.cluster_id] = one.file;
  }
  return newest;
}

/// What goes of one cluster's backups, the oldest first.
std::vector<std::string> to_remove(const std::vector<const listed_backup*>& all,
                                   const retention& what, const std::string& kept_file) {
  std::vector<std::int64_t> times;
  for (const auto* one : all)
    times.push_back(one->told.created_at);
  auto stays = kept(times, what);
  std::vector<std::string> gone;
  for (std::size_t at = all.size(); at-- > 0;)
    if (!stays[at] && all[at]->file != kept_file)
      gone.push_back(all[at]->file);
  return gone;
}

std::string same_name(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(path, ignored).string();
}

} // namespace

outcome<std::vector<std::string>> apply_retention(const std::string& directory,
                                                  const std::string& retain,
                                                  const std::string& kept_file, bool is_dry) {
  auto what = parse_retention(retain);
  if (!what)
    return tl::unexpected(std::move(what.error()));
  auto all = list_backups(directory);
  if (!all)
    return tl::unexpected(std::move(all.error()));
  std::map<base::uuid, std::string> sound;
  if (kept_file.empty()) {
    auto newest = newest_sound(*all, true);
    if (!newest)
      return tl::unexpected(std::move(newest.error()));
    sound = std::move(*newest);
  }
  std::map<base::uuid, std::vector<const listed_backup*>> by_cluster;
  for (const auto& one : *all) {
    // What is not as its manifest says is for a person to look at.
    if (!one.trouble.empty())
      continue;
    if (!kept_file.empty() && same_name(one.file) == same_name(kept_file))
      sound[one.told.cluster_id] = one.file;
    by_cluster[one.told.cluster_id].push_back(&one);
  }
  std::vector<std::string> gone;
  for (const auto& [cluster, members] : by_cluster) {
    auto kept_one = sound.find(cluster);
    if (kept_one == sound.end())
      continue; // INV-148: nothing goes that nothing sound stands for
    for (const auto& file : to_remove(members, *what, kept_one->second)) {
      if (!is_dry)
        if (auto removed = remove_backup(file); !removed)
          return tl::unexpected(std::move(removed.error()));
      gone.push_back(file);
    }
  }
  return gone;
}

outcome<exit_status> prune(const std::string& directory, const std::string& retain, bool is_dry,
                           const common_options& how) {
  auto lock = tools::file_lock::of_directory(directory);
  if (!lock)
    return failed(lock.error());
  auto gone = apply_retention(directory, retain, {}, is_dry);
  if (!gone)
    return tl::unexpected(std::move(gone.error()));
  if (how.format == tools::output_format::json) {
    tools::print_json(nlohmann::ordered_json{{"removed", *gone}, {"is_dry", is_dry}});
    return exit_status::done;
  }
  for (const auto& each : *gone)
    tools::print((is_dry ? "would remove " : "removed ") + each + "\n");
  return exit_status::done;
}

} // namespace aspen_backup
