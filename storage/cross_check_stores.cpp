// SPDX-License-Identifier: Apache-2.0
// What each store is by itself, and whose it is.
#include <algorithm>

#include "storage/cross_check_rules.hpp"
#include "storage/digest_text.hpp"

namespace storage {

using base::errc;

namespace {

/// Whether there is another server to fetch a state from.
bool has_others(const log_scan& scan, const check_options& options) {
  const auto& newest = scan.memberships.empty() ? scan.marks.snapshot.membership
                                                : scan.memberships.back().membership;
  auto self = scan.marks.identity.server;
  if (options.expected_server != raft::server_id{})
    self = options.expected_server;
  return !newest.is_sole_voter(self);
}

} // namespace

void judge_place(const evidence& all, judgement& out) {
  for (const auto& why : all.misplaced)
    out.rule("INV-49", false, why);
  if (all.free_bytes)
    out.note("INV-84",
             std::to_string(*all.free_bytes) + " bytes are free at " + all.paths.data_dir);
}

void judge_replacement(const evidence& all, const check_options& options, settled& what,
                       judgement& out) {
  bool is_of_no_use = !out.holds("INV-76") || !out.holds("INV-80");
  bool is_ours =
      all.state.facts && all.state.facts->meta_is_sealed && all.state.facts->local_is_sealed;
  if (!is_of_no_use || !is_ours || !out.violates_only({"INV-74", "INV-76", "INV-80", "INV-83"}))
    return;
  auto aside = "the state machine " + all.paths.state_path + " is set aside, and ";
  if (all.log.scan->marks.snapshot.id.index == raft::log_index{}) {
    out.count_as(verdict::rebuild);
    out.note("INV-70",
             aside + "rebuilt by replay of entries 1 to "
                 + text_of(all.log.scan->marks.hard_state.commit_index),
             verdict::rebuild);
  } else if (has_others(*all.log.scan, options)) {
    out.count_as(verdict::ok);
    out.note("INV-70", aside + "comes from another server as a snapshot");
    what.state_is_lost = true;
  } else {
    return out.note("INV-70", "the only voter has nobody to fetch another state machine from");
  }
  what.state_must_be_set_aside = true;
}

void judge_presence(const evidence& all, const check_options& options, settled& what,
                    judgement& out) {
  bool has_log = all.log.presence == presence::present;
  bool has_state =
      all.state.presence == presence::present || all.has_orphan_wal || all.other_backends_state;
  if (!has_log && !has_state)
    return out.note("INV-70", "there is no log and no state machine: a new node");
  if (!has_log) {
    bool is_own = all.state.presence == presence::present || all.has_orphan_wal;
    return out.rule("INV-70", false,
                    "the log " + all.paths.log_path + " is missing and the state machine "
                        + (is_own ? all.paths.state_path : *all.other_backends_state)
                        + " exists: a lost log is not a new node");
  }
  if (all.state.presence == presence::present)
    return out.rule("INV-70", true, "both stores are there");
  if (all.other_backends_state)
    return out.rule("INV-70", false,
                    "the state machine " + all.paths.state_path + " of the backend "
                        + std::string(to_string(all.paths.backend)) + " is missing and "
                        + *all.other_backends_state + " exists: a node keeps its storage backend");
  if (!all.log.scan)
    return; // why is said elsewhere
  const auto& point = all.log.scan->marks.snapshot.id.index;
  if (point == raft::log_index{})
    return out.note("INV-70",
                    "the state machine " + all.paths.state_path
                        + " is missing and the log reaches back to its beginning: it is rebuilt "
                          "by replay of entries 1 to "
                        + text_of(all.log.scan->marks.hard_state.commit_index),
                    verdict::rebuild);
  auto found = "the state machine " + all.paths.state_path
               + " is missing and the log begins after index " + text_of(point);
  if (!has_others(*all.log.scan, options))
    return out.rule("INV-70", false, found + ": the only voter has nobody to fetch the rest from");
  what.state_is_lost = true;
  out.note("INV-70", found + ": the state comes from another server as a snapshot");
}

namespace {

/// LMDB goes by the greater transaction number alone: a flipped bit in either may lead to
/// the tree before the last commit, and a vote or an entry is gone without an error.
void judge_newest_meta(const evidence& all, judgement& out) {
  if (!all.log.older_write_counter)
    return;
  auto counter = all.log.scan->marks.write_counter;
  bool is_newest = counter >= *all.log.older_write_counter;
  out.rule("INV-86", is_newest,
           is_newest ? "the newest transaction of the log is in force, write counter "
                           + std::to_string(counter)
                     : all.paths.log_path + ": LMDB goes by write counter "
                           + std::to_string(counter) + ", and the tree it takes for older has "
                           + std::to_string(*all.log.older_write_counter));
}

/// Somebody else has to have what is damaged here, and nothing else may be under way.
bool can_be_repaired(const log_scan& scan, const check_options& options) {
  const auto& newest = scan.memberships.empty() ? scan.marks.snapshot.membership
                                                : scan.memberships.back().membership;
  auto self = options.expected_server != raft::server_id{} ? options.expected_server
                                                           : scan.marks.identity.server;
  auto is_other = [self](const raft::member& each) { return each.id != self; };
  return is_repairable(scan) && !scan.marks.pending && !newest.is_sole_voter(self)
         && std::any_of(newest.voters.begin(), newest.voters.end(), is_other);
}

std::vector<raft::log_index> listed(const std::vector<raft::damaged_run>& damaged) {
  std::vector<raft::log_index> indexes;
  for (const auto& run : damaged)
    for (auto index = run.first; index <= run.last && indexes.size() < entries_listed_max;
         index = index.next())
      indexes.push_back(index);
  return indexes;
}

} // namespace

void judge_log(const evidence& all, const check_options& options, settled& what, judgement& out) {
  if (all.log.presence == presence::missing)
    return;
  if (all.log.failure)
    return judge_failure("INV-73", *all.log.failure, out);
  for (const auto& fault : all.log.structure_faults)
    out.rule("INV-73", false, all.paths.log_path + ": " + fault);
  if (!all.log.scan)
    return;
  judge_newest_meta(all, out);
  bool is_repaired = can_be_repaired(*all.log.scan, options);
  if (is_repaired)
    what.entries_to_repair = listed(all.log.scan->damaged);
  for (const auto& fault : all.log.scan->faults)
    if (is_repaired)
      out.note("INV-47",
               all.paths.log_path + ": " + fault.text + ": it comes from another server again");
    else
      out.rule(fault.code == errc::incompatible ? "INV-72" : fault.rule, false,
               all.paths.log_path + ": " + fault.text);
  if (all.log.scan->faults.empty())
    out.rule("INV-73", true,
             "the log is sound: " + std::to_string(all.log.scan->entries) + " entries, last "
                 + text_of(all.log.scan->last.index));
}

void judge_state(const evidence& all, const settled& what, const check_options& options,
                 judgement& out) {
  if (all.state.presence == presence::missing || what.state == nullptr)
    return;
  const auto& state = *what.state;
  if (state.failure)
    return judge_failure("INV-74", *state.failure, out);
  if (state.structure)
    judge_failure("INV-74", state.structure->within(all.paths.state_path), out);
  if (state.facts && !state.facts->meta_is_sealed)
    out.rule("INV-74", false,
             all.paths.state_path + ": the replicated values do not match their checksum");
  if (state.facts && !state.facts->local_is_sealed)
    out.rule("INV-74", false,
             all.paths.state_path + ": the values of this node do not match their checksum");
  if (state.facts && state.facts->outvoted)
    out.rule("INV-29", false, text_of(*state.facts->outvoted));
  if (state.rows)
    judge_failure("INV-83", state.rows->within(all.paths.state_path), out);
  else if (state.facts && !state.rows_were_verified && !options.suspicion.empty())
    out.rule("INV-83", false,
             "while the node ran: " + options.suspicion
                 + "; the time for the check did not suffice to compare all rows");
  else if (state.facts)
    out.rule("INV-83", true,
             state.rows_were_verified ? "every row matches the digest"
                                      : "the rows were not all compared with the digest");
  if (out.holds("INV-74"))
    out.rule("INV-74", true, "the state machine is sound");
}

void judge_identity(const evidence& all, const settled& what, const check_options& options,
                    judgement& out) {
  auto compare = [&](const std::string& name, const std::string& found, const std::string& expected,
                     const char* whose) {
    if (found != expected)
      out.rule("INV-71", false,
               name + ": found " + found + ", expected " + expected + " (" + whose + ")");
  };
  auto expect = [&](const std::string& store, const storage::identity& who) {
    if (options.expected_cluster)
      compare("cluster id of the " + store, base::to_string(who.cluster_id),
              base::to_string(*options.expected_cluster), "configuration");
    if (options.expected_server != raft::server_id{})
      compare("node id of the " + store, std::to_string(who.server.value),
              std::to_string(options.expected_server.value), "configuration");
  };
  if (all.log.scan)
    expect("log", all.log.scan->marks.identity);
  const auto* state = what.state != nullptr && what.state->facts ? &*what.state->facts : nullptr;
  if (state != nullptr && !all.log.scan)
    expect("state machine", state->identity);
  if (state == nullptr || !all.log.scan)
    return;
  const auto& log = all.log.scan->marks.identity;
  const auto& mine = state->identity;
  compare("node id of the state machine", std::to_string(mine.server.value),
          std::to_string(log.server.value), "log");
  compare("cluster id of the state machine", base::to_string(mine.cluster_id),
          base::to_string(log.cluster_id), "log");
  compare("incarnation of the state machine", base::to_string(mine.incarnation),
          base::to_string(log.incarnation), "log");
  compare("log the state machine belongs to", base::to_string(mine.log_uuid),
          base::to_string(log.log_uuid), "log");
  if (out.holds("INV-71"))
    out.rule("INV-71", true,
             "both stores are of node " + std::to_string(log.server.value) + " of cluster "
                 + base::to_string(log.cluster_id));
}

} // namespace storage
