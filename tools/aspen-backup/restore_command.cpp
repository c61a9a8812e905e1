// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "storage/cross_check.hpp"
#include "storage/files.hpp"
#include "storage/new_generation.hpp"
#include "storage/plain_files.hpp"
#include "storage/state_file.hpp"
#include "storage/transfer_file.hpp"
#include "tools/aspen-backup/backup_file.hpp"
#include "tools/aspen-backup/commands.hpp"
#include "tools/common/progress.hpp"
#include "tools/common/restored_directory.hpp"
#include "tools/common/sha256.hpp"

namespace aspen_backup {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

/// Copies the backup and hashes what was copied: what is verified is what is restored.
outcome<void> copy_hashed(const std::string& from, const std::string& to, const manifest& told,
                          bool is_quiet) {
  auto source = storage::source_file::open(from);
  if (!source)
    return failed(source.error());
  if (auto made = storage::make_private_file(to); !made)
    return failed(made.error());
  auto target = storage::arriving_file::open(to, 0, 1);
  if (!target)
    return failed(target.error());
  tools::progress shown("copying", told.size_bytes, is_quiet);
  tools::sha256 sum;
  for (;;) {
    auto piece = source->read(target->size(), piece_bytes);
    if (!piece)
      return failed(piece.error().within(from));
    if (piece->empty())
      break;
    sum.add(*piece);
    if (auto written = target->append(*piece); !written)
      return failed(written.error().within(to));
    shown.at(target->size());
  }
  if (auto found = sum.finish(); found != told.sha256)
    return fail(exit_status::damaged,
                from + ": sha256 is \"" + found + "\", the manifest says \"" + told.sha256 + "\"");
  shown.done();
  return {};
}

/// What the copy is, compared with the manifest.
outcome<storage::state_facts> verify_copy(const std::string& backup, const std::string& copy,
                                          const manifest& told) {
  auto report = storage::check_state_file(told.backend, copy, [] { return true; });
  if (!report)
    return fail(exit_status::damaged, backup + ": " + report.error().text);
  auto facts = storage::read_state_facts(told.backend, copy);
  if (!facts)
    return fail(exit_status::damaged, backup + ": " + facts.error().text);
  auto wrong = differences(told, describe(told.backend, *facts, *report, told.sha256));
  if (!wrong.empty())
    return fail(exit_status::damaged, backup + ": " + wrong.front());
  return std::move(*facts);
}

/// The one voter of the restored cluster: where it answers follows from the backup, unless it is said.
outcome<raft::member> restored_member(const restore_options& what,
                                      const storage::state_facts& facts) {
  raft::member self;
  self.id = what.node_id != 0 ? raft::server_id{what.node_id} : facts.identity.server;
  if (const auto* known = facts.meta.membership.find(self.id))
    self = *known;
  if (!what.raft_addr.empty())
    self.raft_addr = what.raft_addr;
  if (!what.http_addr.empty())
    self.http_addr = what.http_addr;
  if (self.raft_addr.empty())
    return fail(exit_status::usage, "the backup does not know where node "
                                        + std::to_string(self.id.value)
                                        + " answers its peers: --raft-addr HOST:PORT");
  return self;
}

/// The judge is the one that a node's start asks.
outcome<void> check_restored(const storage::store_paths& stores, raft::server_id self) {
  storage::check_options options;
  options.digest_budget = std::chrono::milliseconds(0); // the copy was verified
  options.leaves_no_trace = true;
  options.expected_server = self;
  auto report = storage::cross_check(stores, options);
  if (report.verdict == storage::verdict::ok)
    return {};
  return fail(exit_status::failed,
              "what was restored does not pass the check before a start: "
                  + (report.findings.empty() ? std::string() : report.findings.front().text));
}

void print_restored(const restore_options& what, const storage::new_generation& made,
                    const manifest& told, const common_options& how) {
  const auto& self = made.point.membership.voters.front();
  nlohmann::ordered_json all{{"data_dir", what.data_dir},
                             {"node_id", self.id.value},
                             {"cluster_id", base::to_string(made.identity.cluster_id)},
                             {"incarnation", base::to_string(made.identity.incarnation)},
                             {"index", made.point.id.index.value},
                             {"term", made.point.id.term.value},
                             {"rows", told.rows},
                             {"raft_addr", self.raft_addr},
                             {"http_addr", self.http_addr},
                             {"restored_from", what.file}};
  if (how.format == tools::output_format::json)
    return tools::print_json(all);
  tools::text_table table({"RESTORED", tools::as_cell(what.data_dir)});
  for (const char* name :
       {"node_id", "cluster_id", "incarnation", "index", "term", "rows", "raft_addr", "http_addr"})
    table.add({name, tools::cell(all, name)});
  tools::print(table.to_string());
  tools::print("\nIt is a cluster of its own, with this node as its only voter. Start it:\n"
               "  aspen-node --node-id "
               + std::to_string(self.id.value) + " --data-dir " + tools::as_cell(what.data_dir)
               + " --raft-addr " + tools::as_cell(self.raft_addr)
               + "\nOther nodes join it with empty directories: aspenctl member add.\n");
}

outcome<storage::new_generation> fill(tools::restored_directory& into, const restore_options& what,
                                      const manifest& told, bool is_quiet) {
  auto stores = into.stores(told.backend);
  auto copy = into.copy_path(told.backend);
  if (auto space = storage::check_free_space(copy, told.size_bytes); !space)
    return failed(space.error());
  if (auto copied = copy_hashed(what.file, copy, told, is_quiet); !copied)
    return tl::unexpected(std::move(copied.error()));
  auto facts = verify_copy(what.file, copy, told);
  if (!facts)
    return tl::unexpected(std::move(facts.error()));
  auto self = restored_member(what, *facts);
  if (!self)
    return tl::unexpected(std::move(self.error()));
  auto plan = storage::plan_generation(facts->meta, std::move(*self));
  if (auto founded = storage::found_generation(stores, copy, plan); !founded)
    return failed(founded.error());
  if (auto sound = check_restored(stores, plan.identity.server); !sound)
    return tl::unexpected(std::move(sound.error()));
  return plan;
}

} // namespace

outcome<exit_status> restore(const restore_options& what, const common_options& how) {
  auto told = read_manifest(what.file);
  if (!told)
    return tl::unexpected(std::move(told.error()));
  if (!storage::file_exists(what.file))
    return fail(exit_status::failed, what.file + " does not exist");
  if (auto size = storage::file_size(what.file); size != told->size_bytes)
    return fail(exit_status::damaged, what.file + ": size_bytes is " + std::to_string(size)
                                          + ", the manifest says "
                                          + std::to_string(told->size_bytes));
  auto into = tools::restored_directory::open(what.data_dir, "the restore of " + what.file);
  if (!into)
    return fail(into.error().code == base::errc::locked ? exit_status::unavailable
                                                        : exit_status::failed,
                into.error().text);
  auto made = fill(*into, what, *told, how.is_quiet);
  if (!made) {
    into->empty();
    return tl::unexpected(std::move(made.error()));
  }
  if (auto finished = into->finish(); !finished)
    return failed(finished.error());
  print_restored(what, *made, *told, how);
  return exit_status::done;
}

} // namespace aspen_backup
