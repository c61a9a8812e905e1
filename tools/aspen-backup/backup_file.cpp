// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-backup/backup_file.hpp"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "storage/files.hpp"
#include "storage/plain_files.hpp"
#include "storage/state_file.hpp"
#include "tools/common/progress.hpp"
#include "tools/common/sha256.hpp"

namespace aspen_backup {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view manifest_suffix = ".manifest.json";

outcome<std::string> hash(const std::string& path, bool is_quiet) {
  tools::progress shown("hashing", storage::file_size(path), is_quiet);
  auto sum = tools::sha256_of_file(path, [&shown](std::uint64_t bytes) { shown.at(bytes); });
  if (!sum)
    return failed(sum.error());
  shown.done();
  return std::move(*sum);
}

/// Everything but the hash.
outcome<manifest> look_into(const std::string& path, std::string sha256) {
  auto kind = storage::backend_of_file(path);
  if (!kind)
    return fail(exit_status::damaged, path + " is no state machine of Aspen");
  auto report = storage::check_state_file(*kind, path, [] { return true; });
  if (!report)
    return failed(report.error());
  auto facts = storage::read_state_facts(*kind, path);
  if (!facts)
    return failed(facts.error());
  if (facts->outvoted)
    return fail(exit_status::failed,
                "a majority of the replicas has another state than this node: it is not worth "
                "keeping");
  return describe(*kind, *facts, *report, std::move(sha256));
}

void note(verification& into, exit_status status, std::string fault) {
  into.faults.push_back(std::move(fault));
  into.status = std::max(into.status, status);
}

} // namespace

outcome<manifest> examine(const std::string& path, bool is_quiet) {
  auto sum = hash(path, is_quiet);
  if (!sum)
    return tl::unexpected(std::move(sum.error()));
  return look_into(path, std::move(*sum));
}

verification verify_file(const std::string& file, bool is_quiet) {
  verification made;
  made.file = file;
  auto told = read_manifest(file);
  if (!told) {
    note(made, told.error().status, told.error().text);
    return made;
  }
  made.told = *told;
  if (!storage::file_exists(file)) {
    note(made, exit_status::damaged, file + " does not exist");
    return made;
  }
  auto size = storage::file_size(file);
  if (size != told->size_bytes)
    note(made, exit_status::damaged,
         "size_bytes is " + std::to_string(size) + ", the manifest says "
             + std::to_string(told->size_bytes));
  auto sum = hash(file, is_quiet);
  if (!sum) {
    note(made, sum.error().status, sum.error().text);
    return made;
  }
  if (*sum != told->sha256)
    note(made, exit_status::damaged,
         "sha256 is \"" + *sum + "\", the manifest says \"" + told->sha256 + "\"");
  auto found = look_into(file, *sum);
  if (!found) {
    note(made, found.error().status, found.error().text);
    return made;
  }
  for (auto& each : differences(*told, *found))
    if (std::ranges::find(made.faults, each) == made.faults.end())
      note(made, exit_status::damaged, std::move(each));
  return made;
}

outcome<std::vector<listed_backup>> list_backups(const std::string& directory) {
  std::vector<listed_backup> found;
  std::error_code broken;
  for (fs::directory_iterator each(directory, broken), end; !broken && each != end;
       each.increment(broken)) {
    auto path = each->path().string();
    if (!path.ends_with(manifest_suffix) || !each->is_regular_file(broken))
      continue;
    listed_backup one;
    one.file = path.substr(0, path.size() - manifest_suffix.size());
    auto told = read_manifest(one.file);
    if (!told)
      one.trouble = told.error().text;
    else if (one.told = std::move(*told); !storage::file_exists(one.file))
      one.trouble = "the file is missing";
    else if (auto size = storage::file_size(one.file); size != one.told.size_bytes)
      one.trouble = "the file has " + std::to_string(size) + " bytes";
    found.push_back(std::move(one));
  }
  if (broken)
    return fail(exit_status::failed, "list " + directory + ": " + broken.message());
  std::ranges::sort(found, [](const auto& left, const auto& right) {
    return std::tie(left.told.created_at, left.file) > std::tie(right.told.created_at, right.file);
  });
  return found;
}

outcome<void> remove_backup(const std::string& file) {
  for (const auto& each : {file, manifest_path(file)})
    if (auto removed = storage::durable_remove(each); !removed)
      return failed(removed.error());
  return {};
}

} // namespace aspen_backup
