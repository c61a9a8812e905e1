// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "base/version.hpp"
#include "storage/files.hpp"
#include "storage/plain_files.hpp"
#include "storage/state_file.hpp"
#include "tools/aspen-backup/backup_file.hpp"
#include "tools/aspen-backup/commands.hpp"
#include "tools/aspen-backup/fetch.hpp"
#include "tools/aspen-backup/retention.hpp"
#include "tools/aspen-backup/source.hpp"
#include "tools/common/node_lock.hpp"

namespace aspen_backup {

namespace fs = std::filesystem;

namespace {

constexpr const char* partial_name = ".aspen-backup.partial";

/// Where the backup goes: `file` is empty until its name is known, when a directory was named.
struct destination {
  fs::path directory;
  fs::path file;
};

outcome<destination> destination_of(const std::string& to) {
  std::error_code ignored;
  destination made;
  if (fs::is_directory(to, ignored)) {
    made.directory = to;
    return made;
  }
  if (to.ends_with('/'))
    return fail(exit_status::failed, "the directory " + to + " does not exist");
  made.file = to;
  made.directory = made.file.has_parent_path() ? made.file.parent_path() : fs::path(".");
  if (!fs::is_directory(made.directory, ignored))
    return fail(exit_status::failed,
                "the directory " + made.directory.string() + " does not exist");
  return made;
}

outcome<void> check_is_new(const fs::path& file) {
  for (const auto& each : {file.string(), manifest_path(file.string())})
    if (storage::file_exists(each))
      return fail(exit_status::failed, each + " exists; no backup is ever replaced");
  return {};
}

/// Removes what was begun when the scope ends before it is whole.
class unfinished {
public:
  explicit unfinished(const fs::path& directory) : path_((directory / partial_name).string()) {
    clean();
  }
  ~unfinished() { clean(); }
  unfinished(const unfinished&) = delete;
  unfinished& operator=(const unfinished&) = delete;
  const std::string& path() const { return path_; }

private:
  void clean() const {
    for (const char* suffix : {"", ".partial", ".partial-lock", "-lock", ".partial-journal", "-wal",
                               "-shm"}) [[maybe_unused]]
      auto removed = storage::remove_file(path_ + suffix);
  }
  std::string path_;
};

std::string generated_name(const manifest& what) {
  auto time = time_text(what.created_at);
  std::erase_if(time, [](char each) { return each == '-' || each == ':'; });
  return "aspen-node-" + std::to_string(what.server_id) + "-" + time + "-"
         + std::to_string(what.at.index.value)
         + (what.backend == storage::backend::lmdb ? ".lmdb" : ".db");
}

/// What the node said against what was received.
outcome<void> compare(const fetched& told, const manifest& found) {
  auto differ = [](const char* what, const auto& left, const auto& right) {
    std::ostringstream text;
    text << what << " of what was received is " << left << ", the node said " << right;
    return fail(exit_status::damaged, text.str());
  };
  if (found.at.index.value != told.index)
    return differ("index", found.at.index.value, told.index);
  if (found.at.term.value != told.term)
    return differ("term", found.at.term.value, told.term);
  if (found.rows != told.rows)
    return differ("rows", found.rows, told.rows);
  if (found.state_digest != told.state_digest)
    return differ("state_digest", found.state_digest, told.state_digest);
  return {};
}

outcome<void> write_manifest(const std::string& file, const manifest& what) {
  auto path = manifest_path(file);
  auto partial = path + ".partial";
  if (auto made = storage::make_private_file(partial); !made)
    return failed(made.error());
  std::ofstream out(partial, std::ios::binary | std::ios::trunc);
  out << to_json(what).dump(2) << '\n';
  out.close();
  if (!out)
    return fail(exit_status::failed, "write " + partial);
  if (auto renamed = storage::sync_and_rename(partial, path); !renamed)
    return failed(renamed.error());
  return {};
}

/// The manifest first: a file without one is never there.
outcome<void> give_names(const std::string& partial, const std::string& file,
                         const manifest& what) {
  if (auto fresh = check_is_new(file); !fresh)
    return fresh;
  if (auto written = write_manifest(file, what); !written)
    return written;
  if (auto renamed = storage::durable_rename_new(partial, file); !renamed)
    return failed(renamed.error());
  return {};
}

outcome<manifest> obtain(const source& from, const std::string& to, const create_options& what,
                         const common_options& how) {
  std::optional<fetched> told;
  if (from.endpoint) {
    auto got = fetch(*from.endpoint, to, {what.may_be_stale, how.is_quiet});
    if (!got)
      return tl::unexpected(std::move(got.error()));
    told = std::move(*got);
  } else if (auto copied = copy_stores(from, to, how.is_quiet); !copied) {
    return tl::unexpected(std::move(copied.error()));
  }
  auto found = examine(to, how.is_quiet);
  if (found && told)
    if (auto same = compare(*told, *found); !same)
      return tl::unexpected(std::move(same.error()));
  return found;
}

void print_made(const std::string& file, const manifest& what,
                const std::vector<std::string>& removed, const common_options& how) {
  auto made = to_json(what);
  if (how.format == tools::output_format::json) {
    nlohmann::ordered_json all{{"file", file}, {"manifest", made}, {"removed", removed}};
    return tools::print_json(all);
  }
  tools::text_table table({"BACKUP", tools::as_cell(file)});
  for (const char* name :
       {"cluster_id", "server_id", "term", "index", "rows", "size_bytes", "state_digest", "sha256"})
    table.add({name, tools::cell(made, name)});
  tools::print(table.to_string());
  for (const auto& each : removed)
    tools::print("removed " + each + "\n");
}

} // namespace

outcome<exit_status> create(const create_options& what, const common_options& how) {
  if (!what.retain.empty())
    if (auto sensible = parse_retention(what.retain); !sensible)
      return tl::unexpected(std::move(sensible.error()));
  auto from = find_source(what.from);
  if (!from)
    return tl::unexpected(std::move(from.error()));
  auto to = destination_of(what.to);
  if (!to)
    return tl::unexpected(std::move(to.error()));
  auto lock = tools::file_lock::of_directory(to->directory.string());
  if (!lock)
    return failed(lock.error());
  if (!to->file.empty())
    if (auto fresh = check_is_new(to->file); !fresh)
      return tl::unexpected(std::move(fresh.error()));
  unfinished partial(to->directory);
  auto made = obtain(*from, partial.path(), what, how);
  if (!made)
    return tl::unexpected(std::move(made.error()));
  made->created_at = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
  made->source = from->name;
  made->program = std::string(base::version) + " (" + std::string(base::git_commit) + ")";
  auto file = to->file.empty() ? to->directory / generated_name(*made) : to->file;
  if (auto named = give_names(partial.path(), file.string(), *made); !named)
    return tl::unexpected(std::move(named.error()));
  std::vector<std::string> removed;
  if (!what.retain.empty()) {
    auto gone = apply_retention(to->directory.string(), what.retain, file.string(), false);
    if (!gone)
      return fail(gone.error().status, "the backup " + file.string()
                                           + " is made; remove older ones: " + gone.error().text);
    removed = std::move(*gone);
  }
  print_made(file.string(), *made, removed, how);
  return exit_status::done;
}

} // namespace aspen_backup
