// SPDX-License-Identifier: Apache-2.0
#include "http/alarms.hpp"

#include <algorithm>

namespace http {

namespace {

const health_check* check_of(const health_report& report, std::string_view name) {
  auto found = std::ranges::find(report.checks, name, &health_check::name);
  return found == report.checks.end() ? nullptr : &*found;
}

class finder {
public:
  finder(const health_input& input, const health_report& report) : input_(input), report_(report) {}

  std::vector<alarm> find() {
    stores();
    replicas();
    supervision();
    cluster();
    std::ranges::sort(found_, {}, [](const alarm& each) {
      return std::ranges::find(alarm_names, each.name) - alarm_names.begin();
    });
    return std::move(found_);
  }

private:
  void add(std::string_view name, check_status severity, std::string message,
           std::string_view clears) {
    found_.push_back({name, severity, std::move(message), clears});
  }

  /// As the check says it, where it is not ok.
  void add_check(std::string_view name, std::string_view check, std::string_view clears) {
    const auto* found = check_of(report_, check);
    if (found != nullptr && found->status != check_status::ok)
      add(name, found->status, found->message, clears);
  }

  void stores() {
    bool is_full = input_.storage && input_.storage->is_full;
    if (is_full || !input_.space_trouble.empty())
      add("disk_full", check_status::critical,
          is_full ? input_.storage->trouble : input_.space_trouble,
          "by itself, when space returns: free some where the data directory is");
    if (input_.disk.used_percent >= disk_warning_percent)
      add_check("disk_space", "disk_space", "use below 80 %: free space, or enlarge the volume");
    add_check("wal_large", "wal_file",
              "a complete checkpoint: POST /admin/checkpoint-wal; when it is blocked, end the "
              "reader it names");
    if (input_.storage && !input_.storage->trouble.empty() && !input_.storage->is_full)
      add("foreign_lock", check_status::warning, input_.storage->trouble,
          "by itself, when the process that is named gives up its lock");
    if (input_.suspicion)
      add("storage_mismatch", check_status::failed, input_.suspicion->text,
          "by itself, when the check that follows finds nothing; when it refuses, stores that pass "
          "it");
    if (input_.storage && input_.storage->is_lost)
      add("state_lost", check_status::warning,
          "the state machine is lost; it comes from another node as a snapshot",
          "by itself, when the snapshot is installed");
  }

  void replicas() {
    const auto* digest = check_of(report_, "state_digest");
    if (digest != nullptr && digest->status == check_status::warning)
      add("state_differs", digest->status, digest->message,
          "a majority with one digest: find out which state is right, and give the other nodes "
          "that one");
    else
      add_check("state_outvoted", "state_digest",
                "the state of the others: keep a copy of the files, stop the node, remove the "
                "state machine's files, start it");
    add_check("log_damaged", "raft_log",
              "by itself, when another node gives the entries; where none holds them any more, "
              "let the node join again as a new one");
  }

  void supervision() {
    if (input_.phase == actors::phase::refused)
      add_check("refused", "storage",
                "stores that pass the check: replace them, then restart the node or the group; "
                "or, when they are known to be good, aspenctl supervisor clear stores");
    if (!input_.supervisor)
      return;
    if (input_.supervisor->circuit == actors::circuit_state::open)
      add("circuit_open", check_status::critical,
          "too many restarts; see the events in /admin/supervisor",
          "a trial restart that runs long enough; aspenctl supervisor restart NAME tries at once");
    else if (input_.supervisor->restarts_in_window > 0)
      add("child_restarts", check_status::warning,
          std::to_string(input_.supervisor->restarts_in_window)
              + " restarts within the window; see the events in /admin/supervisor",
          "by itself, when the restarts are older than supervisor.restart_window");
  }

  void cluster() {
    if (input_.phase != actors::phase::running)
      return;
    add_check("raft_unresponsive", "raft_actor", "by itself, when the actor ticks again");
    if (input_.raft && input_.raft->core.leader.value == 0)
      add("no_leader", check_status::warning, "no leader is known",
          "an election: a majority of the voters must reach each other");
    else if (const auto* members = check_of(report_, "raft_cluster");
             members != nullptr && members->status != check_status::ok && input_.raft)
      add("peer_lost", members->status, members->message,
          "by itself, when the member can be reached, or is removed from the cluster");
  }

  const health_input& input_;
  const health_report& report_;
  std::vector<alarm> found_;
};

} // namespace

std::vector<alarm> find_alarms(const health_input& input, const health_report& report) {
  return finder(input, report).find();
}

std::vector<alarm_book::change> alarm_book::update(std::vector<alarm> now_found,
                                                   std::chrono::system_clock::time_point now) {
  std::vector<change> changes;
  auto name_of = [](const standing_alarm& each) { return each.alarm.name; };
  std::vector<standing_alarm> fresh;
  for (auto& each : now_found) {
    auto before = std::ranges::find(standing_, each.name, name_of);
    bool is_new = before == standing_.end();
    fresh.push_back({std::move(each), is_new ? now : before->since});
    if (is_new)
      changes.push_back({fresh.back(), true});
  }
  for (const auto& each : standing_)
    if (std::ranges::find(fresh, each.alarm.name, name_of) == fresh.end())
      changes.push_back({each, false});
  standing_ = std::move(fresh);
  return changes;
}

} // namespace http
