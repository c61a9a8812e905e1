// SPDX-License-Identifier: Apache-2.0
#include "http/health.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "http/cluster_view.hpp"
#include "storage/digest_text.hpp"

namespace http {

namespace {

std::string percent(unsigned value) {
  return std::to_string(value) + "%";
}

std::string megabytes(std::uint64_t value) {
  return std::to_string(value) + "MB";
}

/// Why the raft actor is not expected to run; empty when it is.
std::string_view reason_of(actors::phase phase) {
  switch (phase) {
  case actors::phase::starting: return "the node is starting";
  case actors::phase::refused: return "the node refused to start";
  case actors::phase::draining: return "the node is stopping";
  case actors::phase::running: break;
  }
  return {};
}

std::string seconds_text(std::chrono::steady_clock::duration span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(span).count()) + " s";
}

/// What the supervisor says of the raft actor while it does not run: "backing_off; check of
/// the stores, then start in 4 s".
std::string what_follows(const health_input& input) {
  if (!input.supervisor)
    return "it is not running";
  for (const auto& child : input.supervisor->children) {
    if (child.name != "raft")
      continue;
    auto text = "it is " + std::string(actors::to_string(child.state));
    if (child.circuit == actors::circuit_state::open)
      text += ", the circuit is open";
    if (!child.next.empty())
      text += "; next: " + child.next;
    if (child.next_attempt_in)
      text += " in " + seconds_text(*child.next_attempt_in + std::chrono::milliseconds{999});
    return text;
  }
  return "it is not running";
}

health_check check_raft_actor(const health_input& input) {
  health_check check{"raft_actor", check_status::ok, {}, {}};
  if (input.raft && !is_raft_late(input))
    return check;
  auto silent_for = input.raft ? input.now - input.raft->last_tick : raft_silence_max;
  bool is_late_only =
      input.raft && silent_for <= raft_silence_max && input.probe_failures < probe_failures_max;
  check.status = is_late_only ? check_status::warning : check_status::failed;
  auto reason = reason_of(input.phase);
  auto what = is_late_only ? "Raft actor is late: " : "Raft actor not responding: ";
  if (!reason.empty())
    check.message = what + std::string(reason);
  else if (!input.raft)
    check.message = what + what_follows(input);
  else
    check.message = what + ("no tick for " + seconds_text(silent_for));
  return check;
}

bool is_admitted(const health_input& input) {
  const auto& members = input.raft->core.membership;
  auto is_self = [&](const raft::member& each) { return each.id == input.self; };
  return input.self == raft::server_id{} || std::ranges::any_of(members.voters, is_self)
         || std::ranges::any_of(members.learners, is_self)
         || std::ranges::any_of(members.outgoing_voters, is_self);
}

/// The lost ones by name: "peer 2 (10.0.0.2:8082) is not reachable: connection refused".
std::string describe_lost_peers(const health_input& input) {
  std::string text;
  cluster_input seen{input.raft, input.peers, input.self, {}, input.now};
  for (const auto& each : view_members(seen)) {
    if (each.is_self || each.is_reachable != false)
      continue;
    text +=
        (text.empty() ? "peer " : "; peer ") + std::to_string(each.id.value) + " (" + each.raft_addr
        + ")"
        + (each.is_silent ? " is linked, but its Raft actor does not answer" : " is not reachable")
        + (each.is_silent || each.trouble.empty() ? std::string() : ": " + each.trouble);
  }
  return text;
}

health_check check_raft_cluster(const health_input& input) {
  health_check check{"raft_cluster", check_status::ok, {}, {}};
  if (!input.raft)
    check.message = "Unable to get Raft metrics";
  else if (!input.raft->standing.empty())
    check.message = input.raft->standing;
  else if (!is_admitted(input))
    check.message = "This node is no member: it waits to be added to the cluster";
  else if (input.raft->core.leader.value == 0)
    check.message = "No leader elected";
  if (input.raft && input.self != raft::server_id{})
    if (auto lost = describe_lost_peers(input); !lost.empty())
      check.message += (check.message.empty() ? "" : "; ") + lost;
  if (!check.message.empty())
    check.status = check_status::warning;
  if (input.raft && input.raft->is_cast_out)
    check.status = check_status::failed;
  return check;
}

/// The refusal of the last cross-check, every violated rule with what was read.
bool note_refusal(const health_input& input, health_check& check) {
  if (!input.supervisor || !input.supervisor->last_check)
    return false;
  const auto& report = *input.supervisor->last_check;
  if (report.verdict != storage::verdict::refuse)
    return false;
  for (const auto& finding : report.findings)
    if (finding.is_violated)
      check.violations.push_back(finding.rule + ": " + finding.text);
  check.status = check_status::failed;
  check.message = check.violations.empty() ? "the stores were refused" : check.violations.front();
  return true;
}

health_check check_storage(const health_input& input) {
  health_check check{"storage", check_status::ok, {}, {}};
  if (input.phase == actors::phase::refused && note_refusal(input, check))
    return check;
  if (input.suspicion) {
    check.status = check_status::failed;
    check.message = "what is stored did not match, and is being checked: " + input.suspicion->text;
  } else if (input.phase == actors::phase::refused) {
    check.status = check_status::failed;
    check.message = "the node refused to start; see /admin/supervisor";
  } else if (!input.storage) {
    check.status = check_status::failed;
    auto reason = reason_of(input.phase);
    check.message =
        "Storage health check failed: "
        + (reason.empty() ? std::string("the storage writer is not running") : std::string(reason));
  } else if (!input.storage->trouble.empty()) {
    check.status = check_status::warning;
    check.message = input.storage->trouble;
  }
  return check;
}

/// Do the replicas have one state?
health_check check_state_digest(const health_input& input) {
  health_check check{"state_digest", check_status::ok, {}, {}};
  if (const auto* violation = find_violation(input.supervisor.get(), outvoted_rule)) {
    check.status = check_status::failed;
    check.message = "Fenced: " + violation->text;
  } else if (input.raft && input.raft->core.outvoted) {
    check.status = check_status::failed;
    check.message = "Fenced: " + storage::text_of(*input.raft->core.outvoted);
  } else if (input.raft && input.raft->core.digests_alarm != raft::log_index{}) {
    check.status = check_status::warning;
    check.message = "State digests differ between replicas at index "
                    + std::to_string(input.raft->core.digests_alarm.value)
                    + ", and no majority has one";
  }
  return check;
}

/// Is the log whole?
health_check check_raft_log(const health_input& input) {
  health_check check{"raft_log", check_status::ok, {}, {}};
  if (!input.raft || input.raft->core.entries_damaged == 0)
    return check;
  check.status = check_status::critical;
  check.message = std::to_string(input.raft->core.entries_damaged)
                  + " entries of the log are damaged, the first at index "
                  + std::to_string(input.raft->core.first_damaged.value)
                  + (input.raft->core.is_beyond_repair
                         ? "; no other server holds it any more: this node serves nothing until it "
                           "joins again as a new one"
                         : "; they are fetched from another server");
  return check;
}

health_check check_disk_space(const health_input& input) {
  health_check check{"disk_space", check_status::ok, {}, {}};
  auto used = input.disk.used_percent;
  if (input.is_in_memory) {
    check.message = "In-memory storage (no disk check needed)";
  } else if (!input.space_trouble.empty()) {
    check.status = check_status::critical;
    check.message = "Disk usage critical: " + input.space_trouble;
  } else if (used >= disk_critical_percent) {
    check.status = check_status::critical;
    check.message = "Disk usage critical: " + percent(used)
                    + " (threshold: " + percent(disk_critical_percent) + ")";
  } else if (input.storage && input.storage->is_full) {
    check.status = check_status::critical;
    check.message = "Disk usage critical: a write found no space";
  } else if (!input.disk.trouble.empty()) {
    check.status = check_status::warning;
    check.message = "Unable to check disk space: " + input.disk.trouble;
  } else if (used >= disk_warning_percent) {
    check.status = check_status::warning;
    check.message = "Disk usage high: " + percent(used);
  }
  return check;
}

health_check check_wal_file(const health_input& input) {
  health_check check{"wal_file", check_status::ok, {}, {}};
  auto bytes = wal_bytes(input);
  auto size = "WAL file size: " + megabytes(bytes / base::limits::mebibyte);
  if (bytes > wal_critical_mb * base::limits::mebibyte) {
    check.status = check_status::critical;
    check.message = size + " (exceeds " + megabytes(wal_critical_mb) + " critical threshold)";
  } else if (bytes > wal_warning_mb * base::limits::mebibyte) {
    check.status = check_status::warning;
    check.message = size + " (exceeds " + megabytes(wal_warning_mb) + " threshold)";
  }
  return check;
}

health_status assess_supervision(const actors::supervisor_status& said) {
  auto is_broken = [](const actors::child_status& child) {
    return child.state == actors::child_state::broken
           || child.state == actors::child_state::refused;
  };
  auto is_between = [](const actors::child_status& child) {
    return child.state == actors::child_state::backing_off
           || child.state == actors::child_state::checking;
  };
  if (said.circuit == actors::circuit_state::open || said.phase == actors::phase::refused
      || std::any_of(said.children.begin(), said.children.end(), is_broken))
    return health_status::unhealthy;
  if (said.circuit == actors::circuit_state::half_open
      || std::any_of(said.children.begin(), said.children.end(), is_between))
    return health_status::degraded;
  return health_status::healthy;
}

} // namespace

std::string_view to_string(check_status value) {
  switch (value) {
  case check_status::ok: return "ok";
  case check_status::warning: return "warning";
  case check_status::critical: return "critical";
  case check_status::failed: return "failed";
  }
  return "failed";
}

std::string_view to_string(health_status value) {
  switch (value) {
  case health_status::healthy: return "healthy";
  case health_status::degraded: return "degraded";
  case health_status::unhealthy: return "unhealthy";
  }
  return "unhealthy";
}

const storage::rule_finding* find_violation(const actors::supervisor_status* said,
                                            std::string_view rule) {
  if (said == nullptr || said->phase == actors::phase::running || !said->last_check)
    return nullptr;
  for (const auto& finding : said->last_check->findings)
    if (finding.is_violated && finding.rule == rule)
      return &finding;
  return nullptr;
}

bool is_raft_late(const health_input& input) {
  return input.raft && input.now - input.raft->last_tick > raft_late_after;
}

std::uint64_t wal_bytes(const health_input& input) {
  if (input.disk.wal_bytes)
    return *input.disk.wal_bytes;
  return input.storage && !input.has_wal_file ? input.storage->wal.bytes : 0;
}

health_report assess(const health_input& input) {
  health_report report;
  report.checks = {check_raft_actor(input), check_raft_cluster(input), check_storage(input),
                   check_disk_space(input)};
  if (input.has_wal_file || (input.storage && input.storage->has_wal))
    report.checks.push_back(check_wal_file(input));
  report.checks.push_back(check_state_digest(input));
  report.checks.push_back(check_raft_log(input));
  if (input.supervisor) {
    report.is_supervised = true;
    report.supervision = assess_supervision(*input.supervisor);
    report.status = report.supervision;
  }
  for (const auto& check : report.checks)
    if (check.status == check_status::critical || check.status == check_status::failed)
      report.status = health_status::unhealthy;
    else if (check.status == check_status::warning)
      report.status = std::max(report.status, health_status::degraded);
  if (input.phase != actors::phase::running)
    report.status = health_status::unhealthy;
  return report;
}

} // namespace http
