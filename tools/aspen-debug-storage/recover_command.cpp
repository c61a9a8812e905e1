// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <tuple>

#include "storage/digest.hpp"
#include "storage/new_generation.hpp"
#include "storage/plain_files.hpp"
#include "storage/state_file.hpp"
#include "tools/aspen-debug-storage/commands.hpp"
#include "tools/aspen-debug-storage/entry_text.hpp"
#include "tools/aspen-debug-storage/replayer.hpp"
#include "tools/common/node_lock.hpp"
#include "tools/common/restored_directory.hpp"

namespace debug_storage {

using base::errc;
using nlohmann::ordered_json;

namespace {

/// What is left of one member of the cluster.
struct survivor {
  std::string directory;
  storage::store_paths stores;
  std::optional<tools::file_lock> lock; ///< no node starts on it meanwhile
  std::unique_ptr<storage::lmdb_log_reader> log;
  std::optional<storage::state_facts> state; ///< none: it is missing, and the log holds everything
  std::string trouble;                       ///< why it cannot be recovered from; empty: it can

  bool is_usable() const { return trouble.empty(); }
  const storage::log_marks& marks() const { return log->scan().marks; }
  raft::entry_id last() const { return log->scan().last; }
  raft::log_index applied() const {
    return state ? state->meta.last_applied.index : raft::log_index{};
  }
};

/// Whose log holds everything that may have been committed: the one that would have won an election (thesis
/// 3.6.1). Of equal ones that which has applied most.
bool holds_less(const survivor& left, const survivor& right) {
  auto order = [](const survivor& each) {
    return std::tuple(each.last().term, each.last().index, each.marks().hard_state.commit_index,
                      each.applied());
  };
  return order(left) < order(right);
}

std::string why_not(const storage::check_report& report) {
  if (report.verdict == storage::verdict::rebuild && !report.state_must_be_set_aside)
    return {};
  if (report.verdict != storage::verdict::ok)
    return report.findings.empty() ? "it does not pass the check" : report.findings.front().text;
  if (report.state_is_lost || report.state_must_be_set_aside)
    return "its state machine is lost, and its log does not reach back to the beginning";
  if (!report.entries_to_repair.empty())
    return "entries of its log are damaged";
  if (report.install != storage::install_step::none || report.wal_must_be_set_aside)
    return "something was under way when it ended: start the node alone, let it end, and try again";
  return {};
}

base::status read_stores(survivor& into) {
  auto stores = stores_of({into.directory, {}, {}});
  if (!stores)
    return base::fail(stores.error());
  into.stores = *stores;
  auto lock = tools::file_lock::of_node(into.directory, false);
  if (!lock)
    return base::fail(lock.error());
  into.lock.emplace(std::move(*lock));
  storage::check_options options;
  options.digest_budget = std::chrono::milliseconds(0); // what is recovered is compared as a whole
  options.leaves_no_trace = true;
  auto report = storage::cross_check(into.stores, options);
  if (auto log = open_log(into.stores.log_path, storage::log_verification::everything); log)
    into.log = std::move(*log);
  else
    return base::fail(log.error());
  if (storage::file_exists(into.stores.state_path)) {
    auto state = open_state(into.stores);
    if (!state)
      return base::fail(state.error());
    into.state = (*state)->facts();
  }
  into.trouble = why_not(report);
  return {};
}

survivor look_at(const std::string& directory) {
  survivor made;
  made.directory = directory;
  if (auto read = read_stores(made); !read)
    made.trouble = read.error().text;
  return made;
}

/// Members of one cluster that tell one story, as far as both tell it.
base::status check_together(const std::vector<survivor>& all, const survivor& best) {
  for (const auto& each : all) {
    if (!each.log || &each == &best)
      continue;
    if (each.marks().identity.cluster_id != best.marks().identity.cluster_id)
      return base::fail(errc::invalid,
                        each.directory + " and " + best.directory + " are of different clusters");
    auto at = each.applied();
    if (at <= best.marks().snapshot.id.index || at > best.last().index)
      continue;
    auto here = best.log->entry(at);
    if (here && here->chain != each.state->meta.chain)
      return base::fail(errc::corrupt, each.directory + " and " + best.directory
                                           + " differ at index " + std::to_string(at.value)
                                           + ", which both have committed; aspen-debug-storage "
                                             "diff says more");
  }
  return {};
}

ordered_json describe(const survivor& each) {
  ordered_json made{{"directory", each.directory}, {"trouble", each.trouble}};
  if (each.log) {
    const auto& marks = each.marks();
    made["server_id"] = marks.identity.server.value;
    made["cluster_id"] = base::to_string(marks.identity.cluster_id);
    made["current_term"] = marks.hard_state.current_term.value;
    made["last"] = to_json(each.last());
    made["commit_index"] = marks.hard_state.commit_index.value;
  }
  if (each.state) {
    made["last_applied"] = each.state->meta.last_applied.index.value;
    made["digest"] = storage::to_hex(each.state->meta.digest);
  }
  return made;
}

void print_survivors(const std::vector<survivor>& all) {
  tools::text_table table({"DIRECTORY", "NODE", "TERM", "LAST INDEX", "OF TERM", "COMMITTED",
                           "APPLIED", "DIGEST", "STATE OF IT"});
  for (const auto& each : all) {
    auto made = describe(each);
    auto digest = tools::cell(made, "digest").substr(0, 16);
    auto of_last = [&](const char* name) {
      return made.contains("last") ? tools::cell(made["last"], name) : std::string("-");
    };
    table.add({tools::as_cell(each.directory), tools::cell(made, "server_id"),
               tools::cell(made, "current_term"), of_last("index"), of_last("term"),
               tools::cell(made, "commit_index"), tools::cell(made, "last_applied"), digest,
               each.is_usable() ? "whole" : tools::as_cell(each.trouble)});
  }
  tools::print(table.to_string());
}

/// The state with all that its log holds: what of the end was acknowledged is not known here, and all of it may be.
base::result<storage::snapshot_report> gather(const survivor& from, const std::string& copy) {
  auto scratch = from.stores;
  scratch.state_path = copy;
  if (from.state)
    if (auto copied = storage::copy_state_file(from.stores, storage::file_use::stopped, copy, {});
        !copied)
      return base::fail(copied.error());
  auto last = from.last().index;
  replayer again(*from.log, scratch, last);
  if (auto begun = from.state ? again.begin_in_place() : again.begin({}); !begun)
    return base::fail(begun.error());
  if (auto done = again.run(last); !done)
    return base::fail(done.error());
  if (auto closed = again.close_as_one_file(); !closed)
    return base::fail(closed.error());
  return storage::check_state_file(scratch.backend, copy, [] { return true; });
}

base::result<raft::member> recovered_member(const survivor& from, const storage::state_meta& meta,
                                            const recover_options& options) {
  raft::member self;
  self.id = options.node_id != 0 ? raft::server_id{options.node_id} : from.marks().identity.server;
  if (const auto* known = meta.membership.find(self.id))
    self = *known;
  if (!options.raft_addr.empty())
    self.raft_addr = options.raft_addr;
  if (!options.http_addr.empty())
    self.http_addr = options.http_addr;
  if (self.raft_addr.empty())
    return base::fail(errc::invalid, "where node " + std::to_string(self.id.value)
                                         + " answers its peers is not known: --raft-addr");
  return self;
}

base::result<storage::new_generation> write_into(const tools::restored_directory& into,
                                                 const survivor& from,
                                                 const recover_options& options) {
  auto stores = into.stores(from.stores.backend);
  auto copy = into.copy_path(from.stores.backend);
  auto gathered = gather(from, copy);
  if (!gathered)
    return base::fail(gathered.error());
  auto self = recovered_member(from, gathered->meta, options);
  if (!self)
    return base::fail(self.error());
  auto plan = storage::plan_generation(gathered->meta, std::move(*self));
  if (auto founded = storage::found_generation(stores, copy, plan); !founded)
    return base::fail(founded.error());
  storage::check_options check;
  check.leaves_no_trace = true;
  check.expected_server = plan.identity.server;
  auto report = storage::cross_check(stores, check);
  if (report.verdict != storage::verdict::ok)
    return base::fail(
        errc::corrupt,
        "what was recovered does not pass the check before a start: "
            + (report.findings.empty() ? std::string() : report.findings.front().text));
  return plan;
}

base::result<storage::new_generation> recover_into(const std::string& directory,
                                                   const survivor& from,
                                                   const recover_options& options) {
  auto into = tools::restored_directory::open(directory, "the recovery of " + from.directory);
  if (!into)
    return base::fail(into.error());
  auto made = write_into(*into, from, options);
  if (!made) {
    into->empty();
    return made;
  }
  if (auto finished = into->finish(); !finished)
    return base::fail(finished.error());
  return made;
}

void print_advice(const survivor& best, const storage::new_generation* made,
                  const recover_options& options) {
  auto end = std::to_string(best.last().index.value);
  if (made == nullptr)
    return tools::print("\nrecommended: " + tools::as_cell(best.directory)
                        + ", whose log ends last, at index " + end
                        + ".\nNothing was written. With --out DIRECTORY a new cluster of one "
                          "node begins there with its state.\n");
  const auto& self = made->point.membership.voters.front();
  tools::print(
      "\nrecovered " + tools::as_cell(best.directory) + " to its entry " + end + " into "
      + tools::as_cell(options.out) + ": cluster " + base::to_string(made->identity.cluster_id)
      + ", index " + std::to_string(made->point.id.index.value)
      + "\nStart it: aspen-node --node-id " + std::to_string(self.id.value) + " --data-dir "
      + tools::as_cell(options.out) + " --raft-addr " + tools::as_cell(self.raft_addr)
      + "\nOther nodes join it with empty directories; the old directories are as they were.\n");
}

} // namespace

outcome recover(const std::vector<std::string>& directories, tools::output_format format,
                const recover_options& options) {
  std::vector<survivor> all;
  for (const auto& each : directories)
    all.push_back(look_at(each));
  auto best = all.end();
  for (auto each = all.begin(); each != all.end(); ++each)
    if (each->is_usable() && (options.from.empty() || each->directory == options.from)
        && (best == all.end() || holds_less(*best, *each)))
      best = each;
  ordered_json shown{{"directories", ordered_json::array()}};
  for (const auto& each : all)
    shown["directories"].push_back(describe(each));
  if (format == tools::output_format::table)
    print_survivors(all);
  if (best == all.end())
    return base::fail(errc::corrupt, "none of these can be recovered from as it is");
  if (auto together = check_together(all, *best); !together)
    return base::fail(together.error());
  shown["recommended"] = best->directory;
  std::optional<storage::new_generation> made;
  if (!options.out.empty()) {
    auto recovered = recover_into(options.out, *best, options);
    if (!recovered)
      return base::fail(recovered.error());
    made = std::move(*recovered);
    shown["recovered"] = {{"data_dir", options.out},
                          {"node_id", made->identity.server.value},
                          {"cluster_id", base::to_string(made->identity.cluster_id)},
                          {"index", made->point.id.index.value},
                          {"term", made->point.id.term.value}};
  }
  if (format == tools::output_format::json)
    tools::print_json(shown);
  else
    print_advice(*best, made ? &*made : nullptr, options);
  return exit_status::done;
}

} // namespace debug_storage
