// SPDX-License-Identifier: Apache-2.0
#include "node/node.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include "actors/actor_context.hpp"
#include "actors/actor_gateway.hpp"
#include "base/check_observer.hpp"
#include "base/log.hpp"
#include "http/server.hpp"
#include "node/children.hpp"
#include "node/cluster_lookup.hpp"
#include "node/cross_check_request.hpp"
#include "node/data_directory.hpp"
#include "node/fatal_signals.hpp"
#include "node/flight_recorder.hpp"
#include "node/link_transport.hpp"
#include "node/snapshot_streams.hpp"
#include "node/space_keeper.hpp"
#include "node/stores.hpp"
#include "node/trigger_watch.hpp"
#include "node/versions.hpp"
#include "supervisor/process_gate.hpp"
#include "supervisor/quarantine_gate.hpp"
#include "supervisor/supervisor_actor.hpp"
#include "transport/links.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::node";

/// A supervisor that has not said a word for so long hangs.
constexpr std::chrono::seconds supervisor_silence_max{10};

/// How long the node that is asked which cluster to join may take to start.
constexpr std::chrono::seconds join_patience{10};

/// Of the time to shut down, what clients get to hear their answers.
std::chrono::milliseconds drain_time(const settings& all) {
  return all.supervisor.shutdown_time / 4;
}

struct system_config : caf::actor_system_config {
  system_config() {
    // Sharing and a finite throughput: one busy actor must not starve the others.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-throughput", std::size_t{100});
  }
};

http::settings http_setup(const settings& all) {
  http::settings setup;
  auto paths = store_paths_of(all);
  auto linked = linked_versions();
  setup.http_addr = to_string(all.cluster.http_addr);
  setup.admin_addr = to_string(all.cluster.admin_addr);
  setup.workers = all.http.workers;
  setup.data_limits.connections_max = all.http.connections_max;
  setup.data_limits.requests_in_flight_max = all.http.requests_in_flight_max;
  setup.times.request = all.http.request_timeout;
  setup.times.idle = all.http.idle_timeout;
  setup.allowed_hosts = all.http.allowed_hosts;
  setup.node_id = all.cluster.node_id;
  setup.versions = {linked.caf, linked.sqlite, linked.sqlite_has_wal_reset_bug, linked.lmdb};
  setup.is_in_memory = all.cluster.storage_backend == storage::backend::inmemory;
  if (!setup.is_in_memory)
    setup.disk_paths = {paths.data_dir};
  setup.trace_directory = trace_directory_of(all);
  if (all.cluster.storage_backend == storage::backend::sqlite)
    setup.wal_path = paths.state_path + "-wal";
  return setup;
}

/// For all rows, when something did not match while the node ran. Below the bound of the whole check.
constexpr std::chrono::seconds suspicious_digest_budget{60};

cross_check_request check_of(const settings& all, supervisor::check_scope scope,
                             const actors::storage_suspicion* suspicion) {
  cross_check_request request;
  request.paths = store_paths_of(all);
  request.options.is_full = scope == supervisor::check_scope::everything || suspicion != nullptr;
  request.options.digest_budget =
      request.options.is_full ? all.supervisor.digest_budget : std::chrono::milliseconds(0);
  if (suspicion != nullptr) {
    request.options.suspicion = suspicion->text;
    request.options.digest_budget = std::max<std::chrono::milliseconds>(
        request.options.digest_budget, suspicious_digest_budget);
  }
  request.options.expected_server = raft::server_id{all.cluster.node_id};
  return request;
}

class running_node final : public node {
public:
  running_node(const settings& all, log_output& log) : all_(all), log_(log) {}

  ~running_node() override {
    watch_.reset();
    base::observe_checks({});
    if (http_)
      http_->stop();
    system_.reset();
    http_.reset();
    if (recorder_ && ended_ != exit_reason::hung)
      recorder_->note_end();
  }

  base::status begin();
  base::status try_raft_addr() const;
  base::status look_up_cluster_to_join();

  exit_reason wait() override;
  void drain() override;
  void stop_now() override { base::log::warn(target, "not waiting for what is under way"); }
  base::status reload_certificates() override { return ties_.transport->reload_certificates(); }
  void change(const settings& next) override {
    http_->change(next.http.allowed_hosts, next.trace.slow_request);
  }
  void dump_trace(std::string_view reason) override;
  bool is_live() const override;
  actors::phase phase() const override;
  std::string status_text() const override;

private:
  supervisor::supervisor_settings supervision();
  std::shared_ptr<supervisor::gate> remembering(std::shared_ptr<supervisor::gate> checks) const;
  void end_with(exit_reason why);
  void on_checked(const storage::check_report& report);
  void on_refused(const storage::check_report& report);
  void watch_for_triggers();
  std::string keep(std::string_view trigger, std::string_view reason, std::string_view child = {});
  std::string on_supervised(const std::string& child, const std::string& what,
                            const std::string& detail);
  void hand_leadership_over();
  void ask_supervisor(actors::restart_child request);
  void stop_children();

  const settings all_; ///< as they were at the start
  log_output& log_;
  std::optional<data_directory> directory_;
  std::shared_ptr<space_keeper> space_; ///< null: nothing is kept on a disk
  std::shared_ptr<trace::recorder> recorder_;
  std::optional<fatal_signal_notes> fatal_signals_;
  std::unique_ptr<dump_writer> dumps_; ///< null: nothing is recorded
  actors::actor_context context_;
  std::unique_ptr<trace_inspector> inspector_; ///< null: it is switched off
  std::unique_ptr<otlp_exporter> exporter_;    ///< null: no collector is configured
  newest_check check_;
  cluster_ties ties_;
  std::unique_ptr<actors::gateway> gateway_;
  std::unique_ptr<http::server> http_;
  system_config config_;
  std::optional<caf::actor_system> system_;
  std::optional<trigger_watch> watch_;

  std::mutex mutex_;
  std::condition_variable changed_;
  supervisor::supervisor_handle supervisor_; ///< null before it runs and after it ended
  bool is_draining_ = false;
  bool children_stopped_ = false;
  std::optional<exit_reason> ended_;
};

base::status running_node::begin() {
  auto directory = data_directory::open(all_);
  if (!directory)
    return base::fail(directory.error());
  directory_ = std::move(*directory);
  space_ = space_keeper::start(all_);

  if (auto bindable = try_raft_addr(); !bindable)
    return bindable;
  if (auto found = look_up_cluster_to_join(); !found)
    return found;
  // A member finds out from its log that it needs the port, when it is under supervision
  // already; trying again and again would not make the configuration right.
  ties_.transport = make_link_transport(all_, [this](const base::error& why) {
    base::log::error(target, "could not start", {{"error", why.within("cluster.raft_addr").text}});
    end_with(exit_reason::failed);
  });
  ties_.inbox = std::make_shared<actors::snapshot_inbox>();
  ties_.snapshots = make_snapshot_transport(ties_.transport, ties_.inbox);

  recorder_ = start_recorder(all_);
  if (recorder_)
    fatal_signals_.emplace(*recorder_);
  dumps_ = start_dump_writer(all_, recorder_);
  context_.registry = std::make_shared<actors::actor_registry>(recorder_);
  context_.board = std::make_shared<actors::status_board>();
  context_.metrics = std::make_shared<actors::node_metrics>(raft::server_id{all_.cluster.node_id});
  inspector_ = start_trace_inspector(all_, recorder_, *context_.metrics->registry, dumps_.get());
  exporter_ = start_otlp_exporter(all_, recorder_, *context_.metrics->registry);
  context_.where = std::make_shared<actors::directory>();
  gateway_ = actors::make_actor_gateway(
      context_, {[this] { drain(); },
                 [this](actors::restart_child request) { ask_supervisor(std::move(request)); }});

  auto setup = http_setup(all_);
  setup.log = {[this] { return log_.filter(); }, [this] { return log_.configured_filter(); },
               [this](std::string_view filter) { return log_.set_filter(filter); },
               [this] { log_.reset_filter(); }};
  if (space_)
    setup.space_trouble = [space = space_] { return space->trouble(); };
  setup.recorder = recorder_;
  setup.slow_request = all_.trace.slow_request;
  setup.on_slow_request = [this] {
    keep("slow-request", "a request took longer than trace.slow_request");
  };
  setup.on_worse_health = [this](std::string_view status, const std::string& why) {
    keep("health-" + std::string(status), why);
  };
  http_ = std::make_unique<http::server>(setup, *gateway_, *context_.metrics);
  if (auto bound = http_->start(); !bound)
    return bound;
  system_.emplace(config_);
  watch_for_triggers();
  auto started = supervisor::start_supervisor(*system_, supervision());
  if (!started)
    return base::fail(started.error());
  std::lock_guard guard(mutex_);
  supervisor_ = *started;
  return {};
}

/// The actors bind the port much later, under supervision, which tries again and again; a
/// port that is taken when the process starts is the configuration's fault and ends it.
base::status running_node::try_raft_addr() const {
  if (!all_.cluster.names_peers())
    return {};
  auto bindable = transport::links::try_address(to_string(all_.cluster.raft_addr));
  return bindable ? bindable : base::fail(bindable.error().within("cluster.raft_addr"));
}

base::status running_node::look_up_cluster_to_join() {
  const auto& join = all_.cluster.join;
  if (join.empty())
    return {};
  if (has_log(all_)) {
    base::log::info(target, "there is a log: cluster.join is not looked at", {{"join", join}});
    return {};
  }
  auto found = look_up_cluster(*parse_endpoint(join), join_patience);
  if (!found)
    return base::fail(found.error());
  base::log::info(target, "joining a cluster; waiting until this node is added there",
                  {{"cluster_id", base::to_string(*found)},
                   {"node_id", all_.cluster.node_id},
                   {"raft_addr", to_string(all_.cluster.raft_addr)}});
  ties_.joined = *found;
  return {};
}

supervisor::supervisor_settings running_node::supervision() {
  supervisor::supervisor_settings setup;
  setup.children = children_of(all_, context_, check_, ties_, space_);
  supervisor::process_gate_settings gate;
  gate.arguments = [this](supervisor::check_scope scope) {
    if (space_)
      space_->prepare();
    auto suspicion = context_.board->get<actors::storage_suspicion>();
    auto command = cross_check_command(check_of(all_, scope, suspicion.get()));
    return std::vector<std::string>(command.begin() + 1, command.end());
  };
  setup.gates[store_group] =
      remembering(std::make_shared<supervisor::process_gate>(std::move(gate)));
  const auto& wanted = all_.supervisor;
  setup.limits.first_delay = wanted.backoff_initial;
  setup.limits.last_delay = wanted.backoff_max;
  setup.limits.restarts_max = wanted.restarts_max;
  setup.limits.window = wanted.restart_window;
  setup.limits.circuit_open_for = wanted.circuit_open_time;
  setup.limits.stable_closes_after = wanted.half_open_time;
  setup.limits.stable_resets_after = wanted.stability_time;
  setup.registry = context_.registry;
  setup.board = context_.board;
  setup.stores_open = describe_open_stores;
  setup.on_checked = [this](const storage::check_report& report) { on_checked(report); };
  setup.on_event = [this](const std::string& child, const std::string& what,
                          const std::string& detail) { return on_supervised(child, what, detail); };
  setup.on_refused = [this](const std::string&, const storage::check_report& report) {
    on_refused(report);
  };
  setup.on_hung = [this](const std::string& child, const std::string& why) {
    base::log::error(target, "a store's owner hangs; ending the process",
                     {{"child", child}, {"reason", why}});
    end_with(exit_reason::hung);
  };
  setup.on_stopped = [this](const supervisor::stop_outcome& outcome) {
    if (!outcome.hanging.empty())
      return end_with(exit_reason::hung);
    std::lock_guard guard(mutex_);
    children_stopped_ = true;
    changed_.notify_all();
  };
  return setup;
}

/// With its refusals kept in the data directory, where there is one.
std::shared_ptr<supervisor::gate> running_node::remembering(
    std::shared_ptr<supervisor::gate> checks) const {
  if (all_.cluster.storage_backend == storage::backend::inmemory)
    return checks;
  auto paths = store_paths_of(all_);
  auto linked = linked_versions();
  supervisor::quarantine_settings quarantine;
  quarantine.directory = paths.data_dir;
  quarantine.store_files = {paths.log_path, paths.state_path};
  if (paths.backend == storage::backend::sqlite)
    quarantine.store_files.push_back(paths.state_path + "-wal");
  quarantine.checked_as =
      fmt::format("node {}, backend {}, aspen {} ({})", all_.cluster.node_id,
                  storage::to_string(paths.backend), linked.aspen, linked.commit);
  return supervisor::make_quarantine_gate(std::move(checks), std::move(quarantine));
}

void running_node::on_checked(const storage::check_report& report) {
  check_.set(report);
  bool may_start =
      report.verdict == storage::verdict::ok || report.verdict == storage::verdict::rebuild;
  if (auto suspicion = context_.board->get<actors::storage_suspicion>(); suspicion && may_start) {
    base::log::warn(target, "the stores passed a full check after a suspicion",
                    {{"suspicion", suspicion->text}});
    context_.board->forget<actors::storage_suspicion>();
  }
}

void running_node::on_refused(const storage::check_report& report) {
  if (all_.supervisor.on_refusal == refusal_action::exit)
    return end_with(exit_reason::refused);
  base::log::error(target, "refused; staying up to say so", {{"what_to_do", report.what_to_do}});
}

// -- what is worth a dump of the flight recorder ------------------------------------------

std::string running_node::keep(std::string_view trigger, std::string_view reason,
                               std::string_view child) {
  return dumps_ ? dumps_->ask_for(trigger, reason, child) : std::string();
}

/// What an operator asked for is no failure.
std::string running_node::on_supervised(const std::string& child, const std::string& what,
                                        const std::string& detail) {
  for (std::string_view kept : {"ended", "circuit opened", "abandoned", "hung", "refused"})
    if (what == kept)
      return keep(child + "-" + what, detail, what == "ended" ? child : std::string());
  return {};
}

void running_node::watch_for_triggers() {
  if (!dumps_)
    return;
  base::observe_checks([this](const std::string& what) { keep("broken-invariant", what); });
  watch_.emplace(
      context_.registry, context_.board, all_.trace.slow_mailbox,
      [this](std::string_view trigger, const std::string& reason) { keep(trigger, reason); });
}

void running_node::end_with(exit_reason why) {
  std::lock_guard guard(mutex_);
  if (!ended_)
    ended_ = why;
  changed_.notify_all();
}

void running_node::drain() {
  std::lock_guard guard(mutex_);
  is_draining_ = true;
  changed_.notify_all();
}

exit_reason running_node::wait() {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [this] { return is_draining_ || ended_; });
  if (ended_ == exit_reason::hung)
    return *ended_;
  guard.unlock();
  stop_children();
  guard.lock();
  if (!ended_)
    ended_ = exit_reason::stopped;
  return *ended_;
}

/// A leader that merely ended would leave its cluster without one for an election timeout.
void running_node::hand_leadership_over() {
  auto leads_others = [this] {
    auto raft = context_.board->get<actors::raft_status>();
    return raft && raft->core.role == raft::role_name::leader
           && raft->core.membership.voters.size() > 1;
  };
  auto raft = context_.where->get().raft;
  if (!raft || !leads_others())
    return;
  caf::anon_send(raft, actors::hand_over{});
  auto end = std::chrono::steady_clock::now() + drain_time(all_);
  while (leads_others() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  if (leads_others())
    base::log::warn(target, "leadership was not handed over in time");
}

/// HTTP answers before the supervisor runs, and after it has ended.
void running_node::ask_supervisor(actors::restart_child request) {
  std::lock_guard guard(mutex_);
  if (supervisor_)
    caf::anon_send(supervisor_, std::move(request));
}

/// First the clients get their answers, then the children end in reverse order.
void running_node::stop_children() {
  if (!http_->drain(drain_time(all_)))
    base::log::warn(target, "some requests were still under way at the end of the drain");
  hand_leadership_over();
  std::unique_lock guard(mutex_);
  caf::anon_send(supervisor_, supervisor::stop_all{});
  changed_.wait(guard, [this] { return children_stopped_ || ended_ == exit_reason::hung; });
  supervisor_ = nullptr;
}

void running_node::dump_trace(std::string_view reason) {
  if (dumps_ && !trace_directory_of(all_).empty())
    dumps_->ask_for(reason, "asked for");
  else
    base::log::warn("aspen::trace", "there is no place for a dump", {{"reason", reason}});
}

bool running_node::is_live() const {
  auto status = context_.board->get<actors::supervisor_status>();
  return status && std::chrono::steady_clock::now() - status->last_tick < supervisor_silence_max;
}

actors::phase running_node::phase() const {
  auto status = context_.board->get<actors::supervisor_status>();
  if (!status)
    return actors::phase::starting;
  auto raft = context_.board->get<actors::raft_status>();
  if (status->phase == actors::phase::running && (!raft || raft->core.leader.value == 0))
    return actors::phase::starting;
  return status->phase;
}

std::string running_node::status_text() const {
  auto now = phase();
  auto text = std::string(to_string(now));
  if (auto raft = context_.board->get<actors::raft_status>(); raft && now == actors::phase::running)
    return (raft->core.role == raft::role_name::leader ? "leader, term " : "term ")
           + std::to_string(raft->core.current_term.value) + ", "
           + std::to_string(raft->core.last_applied.value) + " applied";
  auto status = context_.board->get<actors::supervisor_status>();
  if (status && now == actors::phase::refused && status->last_check)
    for (const auto& finding : status->last_check->findings)
      if (finding.is_violated)
        return text + ": " + finding.text;
  return text;
}

} // namespace

base::result<std::unique_ptr<node>> node::start(const settings& all, log_output& log) {
  auto started = std::make_unique<running_node>(all, log);
  if (auto begun = started->begin(); !begun)
    return base::fail(begun.error());
  return started;
}

} // namespace node
