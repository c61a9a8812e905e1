// SPDX-License-Identifier: Apache-2.0
#include "storage/cross_check.hpp"

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "storage/cross_check_evidence.hpp"
#include "storage/cross_check_rules.hpp"

namespace storage {
namespace {

std::string advice(const judgement& found, verdict what, const evidence& all) {
  const auto& paths = all.paths;
  if (what == verdict::ok)
    return {};
  if (what == verdict::retry)
    return "The stores could not be read now. Free what is named above (locks, descriptors, "
           "permissions, space); the check is repeated.";
  if (what == verdict::rebuild)
    return "Nothing: the state machine is rebuilt from the log. What was set aside "
           "(state-machine.*.aside-N) is yours to look at and to remove.";
  if (!found.holds("INV-49"))
    return "Move the data directory to a file system of this machine; nothing was changed.";
  if (!found.holds("INV-72"))
    return "The files are of another version. Start the program that wrote them; nothing was "
           "changed.";
  if (!found.holds("INV-29"))
    return "Other replicas have another state. Keep a copy of the files if they are to be looked "
           "at, remove "
           + paths.state_path
           + " with its -wal and -shm, and start again: the state comes from the log or from "
             "another server.";
  if (!found.holds("INV-71"))
    return "Files of different nodes were mixed, or the node is misconfigured. Put back the files "
           "that belong together, or correct node_id and data_dir; nothing was changed.";
  if (!found.holds("INV-70") && all.log.presence == presence::missing)
    return "A lost log is a lost vote. Put " + paths.log_path
           + " back, restore a backup into an empty directory (aspen-backup restore FILE "
             "--data-dir DIR), or join the cluster as a new server.";
  if (!found.holds("INV-70"))
    return "Restore the newest backup into an empty directory: aspen-backup restore FILE "
           "--data-dir DIR.";
  bool log_holds_all = all.log.scan && all.log.scan->faults.empty()
                       && all.log.scan->marks.snapshot.id.index == raft::log_index{};
  if (log_holds_all && found.holds("INV-75") && found.holds("INV-79"))
    return "The log still holds everything: move " + paths.state_path
           + " and its -wal and -shm aside and start again; the state machine is rebuilt.";
  return "Keep the files, nothing was changed. Restore the newest backup into an empty "
         "directory (aspen-backup restore FILE --data-dir DIR), or join again as a new server.";
}

void judge_all(const evidence& all, const check_options& options, check_report& report) {
  judgement out;
  judge_place(all, out);
  auto what = settle(all, out);
  judge_log(all, options, what, out);
  judge_state(all, what, options, out);
  judge_identity(all, what, options, out);
  if (what.install != install_step::swap)
    judge_presence(all, options, what, out);
  if (all.log.scan && what.state != nullptr && what.state->facts)
    judge_story(all, what, out);
  judge_replacement(all, options, what, out);
  report.verdict = out.worst();
  report.what_to_do = advice(out, report.verdict, all);
  report.findings = out.take_findings();
  report.install = what.install;
  report.state_is_lost = what.state_is_lost;
  report.state_must_be_set_aside = what.state_must_be_set_aside;
  report.entries_to_repair = what.entries_to_repair;
  report.wal_must_be_set_aside = what.wal_must_be_set_aside;
  report.digest_was_complete =
      what.state != nullptr ? what.state->rows_were_verified : what.install == install_step::swap;
}

void note_positions(const evidence& all, check_report& report) {
  if (all.state.facts) {
    report.last_applied = all.state.facts->meta.last_applied;
    report.log_uuid = base::to_string(all.state.facts->identity.log_uuid);
    base::bytes digest;
    for (auto lane : all.state.facts->meta.digest.lanes)
      base::put_big(digest, lane);
    report.state_digest = base::to_hex(base::byte_view(digest));
  }
  if (!all.log.scan)
    return;
  report.log_uuid = base::to_string(all.log.scan->marks.identity.log_uuid);
  report.commit_index = all.log.scan->marks.hard_state.commit_index;
  report.last_index = all.log.scan->last.index;
}

} // namespace

check_report cross_check(const store_paths& paths, const check_options& options) {
  auto began = std::chrono::steady_clock::now();
  check_report report;
  if (paths.backend == backend::inmemory) {
    report.findings.push_back(
        {"INV-70", "both stores are in memory: nothing outlives the node", false});
  } else {
    auto all = gather_evidence(paths, options);
    judge_all(all, options, report);
    note_positions(all, report);
  }
  auto took = std::chrono::steady_clock::now() - began;
  report.duration_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return report;
}

} // namespace storage
