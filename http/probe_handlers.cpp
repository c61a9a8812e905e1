// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "http/health_handlers.hpp"

namespace http {

namespace {

/// A supervisor or raft actor that has not ticked for so long is stuck for good: the
/// supervisor itself would have ended a hung child long before.
constexpr std::chrono::seconds silence_of_the_dead{60};

struct probe_check {
  std::string_view name;
  std::string trouble; ///< empty: ok
};
using probe_checks = std::vector<probe_check>;

bool excludes(const request& what, std::string_view name) {
  const auto& all = what.query.all();
  return std::any_of(all.begin(), all.end(), [name](const auto& member) {
    return member.first == "exclude" && member.second == name;
  });
}

/// 200 "ok", or 503 with the list; the list too when asked for.
reply probe_reply(std::string_view probe, const request& what, probe_checks checks) {
  if (!what.parameter.empty()) {
    std::erase_if(checks, [&](const probe_check& each) { return each.name != what.parameter; });
    if (checks.empty())
      return to_reply(refuse(404, "unknown_check", "there is no such check"));
  }
  bool is_ok = true;
  std::string list;
  for (const auto& each : checks) {
    bool is_excluded = excludes(what, each.name);
    bool is_good = each.trouble.empty() || is_excluded;
    is_ok = is_ok && is_good;
    list.append(is_good ? "[+]" : "[-]").append(each.name);
    list.append(is_excluded ? " excluded: ok\n"
                : is_good   ? " ok\n"
                            : " failed: " + each.trouble + "\n");
  }
  list.append(probe).append(is_ok ? " check passed\n" : " check failed\n");
  reply made;
  made.status = is_ok ? 200 : 503;
  made.content_type = text_type;
  made.body = is_ok && !what.query.has("verbose") ? std::string("ok") : std::move(list);
  if (!is_ok)
    made.set("Retry-After", "1");
  return made;
}

std::string unless(bool is_good, std::string_view trouble) {
  return is_good ? std::string() : std::string(trouble);
}

std::string phase_trouble(actors::phase phase) {
  return unless(phase == actors::phase::running,
                "the node is " + std::string(actors::to_string(phase)));
}

/// A state machine that was lost comes as a snapshot: how far that is.
std::string state_trouble(site& at) {
  auto storage = at.gateway.status().get<actors::storage_status>();
  if (!storage || !storage->is_lost)
    return {};
  auto coming = at.gateway.status().get<actors::snapshot_received_status>();
  auto progress = coming ? describe(*coming) : std::string();
  return progress.empty() ? "the state machine is lost; waiting for a snapshot of another node"
                          : progress;
}

} // namespace

reply get_livez(const request& what, asker&, site& at) {
  auto seen = look_around(at);
  auto is_silent = [&](std::chrono::steady_clock::time_point last_tick) {
    return seen.now - last_tick > silence_of_the_dead;
  };
  // Not in the list, because no restart cures it: no leader, a full disk, a large WAL,
  // refused stores, an open circuit.
  return probe_reply(
      "livez", what,
      {{"ping", {}},
       {"supervisor", unless(!seen.supervisor || !is_silent(seen.supervisor->last_tick),
                             "the supervisor has stopped ticking")},
       {"raft_actor", unless(seen.phase != actors::phase::running || !seen.raft
                                 || !is_silent(seen.raft->last_tick),
                             "the raft actor has stopped ticking")}});
}

reply get_readyz(const request& what, asker&, site& at) {
  auto seen = look_around(at);
  const auto* purpose = what.query.find("for");
  bool is_for_write = purpose != nullptr && *purpose == "write";
  bool has_leader = seen.raft && seen.raft->core.leader.value != 0;
  probe_checks checks{
      {"ping", {}},
      {"phase", phase_trouble(seen.phase)},
      {"raft_actor", unless(seen.raft && seen.now - seen.raft->last_tick <= raft_silence_max,
                            "the raft actor does not respond")},
      {"leader", unless(has_leader || what.query.has("noleader"), "no leader is known")},
      {"storage", unless(seen.storage != nullptr, "the storage writer is not running")}};
  if (is_for_write)
    checks.push_back({"write", seen.storage ? seen.storage->trouble
                                            : std::string("the storage writer is not running")});
  return probe_reply("readyz", what, std::move(checks));
}

reply get_startupz(const request& what, asker&, site& at) {
  auto phase = at.phase();
  bool has_started = phase == actors::phase::running || phase == actors::phase::draining;
  return probe_reply("startupz", what,
                     {{"ping", {}},
                      {"started", has_started ? std::string() : phase_trouble(phase)},
                      {"state", state_trouble(at)}});
}

} // namespace http
