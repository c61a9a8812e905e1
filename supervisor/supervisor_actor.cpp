// SPDX-License-Identifier: Apache-2.0
#include "supervisor/supervisor_actor.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/traced.hpp"
#include "base/log.hpp"
#include "supervisor/check_log.hpp"
#include "supervisor/log_target.hpp"
#include "supervisor/unit.hpp"

namespace supervisor {

namespace {

constexpr std::uint64_t mailbox_limit = 4096;

/// Why an operator's restart is not under way, as the answer says it.
actors::failure refusal(const base::error& why) {
  auto code = actors::failure_code::unavailable;
  if (why.code == base::errc::not_found)
    code = actors::failure_code::unknown_child;
  if (why.code == base::errc::invalid)
    code = actors::failure_code::conflict;
  if (why.code == base::errc::interrupted)
    code = actors::failure_code::draining;
  return {code, actors::commit_status::no, why.text, 0, 0, {}};
}

/// The text an actor gave as its reason, else CAF's rendering of it.
std::string describe(const caf::error& why, const caf::actor_system& system) {
  if (!why)
    return "normal end";
  const auto& context = why.context();
  return context.match_elements<std::string>() ? context.get_as<std::string>(0)
                                               : system.render(why);
}

class supervisor_actor final : public actors::traced<supervisor_handle::base>, private unit_host {
public:
  supervisor_actor(caf::actor_config& config, std::shared_ptr<actors::actor_stats> stats,
                   supervisor_settings settings)
    : traced(config, settings.registry, std::move(stats)), settings_(std::move(settings)) {
    for (auto& members : split_into_units(settings_.children)) {
      auto found = settings_.gates.find(members.front().group);
      auto guard = found == settings_.gates.end() ? nullptr : found->second;
      unit_host& host = *this;
      units_.push_back(std::make_unique<unit>(std::move(members), std::move(guard),
                                              settings_.limits, settings_.close_budget, host));
    }
    set_down_handler([this](caf::down_msg& what) { on_down(what); });
    // Whoever ends the supervisor politely means the children too.
    set_exit_handler([this](caf::exit_msg& what) {
      if (what.reason)
        begin_stop();
    });
  }

  behavior_type make_behavior() override {
    return {
        [this](actors::tick) { on_tick(); },
        [this](const check_ended& what) { on_check_ended(what); },
        [this](const restart_child& what) { on_restart_child(what); },
        [this](stop_all) { begin_stop(); },
    };
  }

  void on_exit() override {
    units_.clear();
    if (!has_stopped_)
      settings_.on_hung("supervisor", "it ended before its children");
  }

protected:
  void describe_state(actors::figure_list& out) const override {
    out.add("units", units_.size());
    out.add("events", events_.size());
    out.add("is_draining", is_draining_ ? 1 : 0);
    out.add_text("all_were_up", was_complete_ ? "yes" : "not yet");
  }

private:
  // -- handlers ---------------------------------------------------------------------

  void on_tick() {
    for (auto& each : units_)
      each->on_tick();
    settle();
    if (!has_stopped_)
      delayed_send(this, settings_.tick_every, actors::tick{});
  }

  void on_check_ended(const check_ended& what) {
    for (auto& each : units_)
      if (each->name() == what.unit)
        each->on_checked(what.run, *what.report);
    settle();
  }

  void on_restart_child(const restart_child& what) {
    auto under_way = restart(what.name, what.clears_quarantine);
    settle();
    if (under_way)
      what.reply.answer_with(restart_under_way{*under_way});
    else
      what.reply.refuse(refusal(under_way.error()));
  }

  void on_down(const caf::down_msg& what) {
    auto how = how_ended::crashed;
    if (!what.reason || what.reason == caf::exit_reason::normal
        || what.reason == caf::exit_reason::user_shutdown)
      how = how_ended::normally;
    auto why = describe(what.reason, system());
    for (auto& each : units_)
      each->on_down(what.source, how, why);
    settle();
  }

  void on_begin_answer(const caf::actor_addr& child, const caf::error& why) {
    // The actor ended instead of answering; its down message, which follows, says why.
    if (why == caf::sec::request_receiver_down)
      return;
    for (auto& each : units_) {
      if (why)
        each->on_begin_failed(child, describe(why, system()));
      else
        each->on_begun(child);
    }
    settle();
  }

  void begin_stop() {
    is_draining_ = true;
    settle();
  }

  // -- the tree ---------------------------------------------------------------------

  /// After every event: what comes next in the tree, then what everybody may know of it.
  void settle() {
    if (has_stopped_)
      return;
    if (is_draining_)
      stop_next();
    else
      start_next();
    publish();
    if (has_stopped_)
      end();
  }

  void start_next() {
    for (auto& each : units_) {
      if (each->state() == unit_state::waiting)
        each->start();
      if (!each->lets_others_start())
        return;
    }
    was_complete_ = true;
  }

  void stop_next() {
    for (auto each = units_.rbegin(); each != units_.rend(); ++each) {
      (*each)->stop();
      if (!(*each)->is_at_rest())
        return;
    }
    has_stopped_ = true;
  }

  void end() {
    base::log::info(log_target, "all children stopped", {{"hanging", outcome_.hanging.size()}});
    if (settings_.on_stopped)
      settings_.on_stopped(outcome_);
    quit();
  }

  base::result<std::string> restart(const std::string& name, bool clears_quarantine) {
    for (auto& each : units_)
      if (each->has_member(name) || each->name() == name)
        return clears_quarantine ? each->clear() : each->restart();
    return base::fail(base::errc::not_found, "no child is named '" + name + "'");
  }

  // -- what everybody may know --------------------------------------------------------

  actors::phase phase() const {
    if (is_draining_)
      return actors::phase::draining;
    if (std::ranges::any_of(units_,
                            [](auto& each) { return each->state() == unit_state::refused; }))
      return actors::phase::refused;
    return was_complete_ ? actors::phase::running : actors::phase::starting;
  }

  void publish() {
    actors::supervisor_status status;
    status.phase = phase();
    for (const auto& each : units_) {
      auto rows = each->status();
      status.children.insert(status.children.end(), rows.begin(), rows.end());
      status.restarts_total += each->restarts();
      status.restarts_in_window = std::max<std::uint64_t>(
          status.restarts_in_window, restarts_in_window(each->history(), now(), settings_.limits));
      status.circuit = worse(status.circuit, each->history().circuit);
    }
    status.last_check = last_check_;
    status.last_check_at = last_check_at_;
    status.events = events_;
    status.last_tick = now();
    settings_.board->publish(std::move(status));
  }

  static circuit_state worse(circuit_state one, circuit_state other) {
    if (one == circuit_state::open || other == circuit_state::open)
      return circuit_state::open;
    return one == circuit_state::half_open ? one : other;
  }

  // -- unit_host --------------------------------------------------------------------

  steady_time now() override { return clock().now(); }

  caf::actor start_child(const child_spec& spec, std::uint64_t generation) override {
    auto child = spec.start(system(), generation);
    if (!child)
      throw std::runtime_error("its start function started nothing");
    monitor(child);
    return child;
  }

  void ask_to_begin(const caf::actor& child) override {
    auto who = child.address();
    request(child, caf::infinite, actors::begin{})
        .then([this, who](actors::begun) { on_begin_answer(who, {}); },
              [this, who](caf::error& why) { on_begin_answer(who, why); });
  }

  void end_child(const caf::actor& child, exit_manner how) override {
    auto is_kill = how == exit_manner::kill;
    // A plain exit message has normal priority and waits behind the mailbox.
    auto priority = is_kill ? caf::message_priority::high : caf::message_priority::normal;
    auto reason = is_kill ? caf::exit_reason::kill : caf::exit_reason::user_shutdown;
    child->enqueue(nullptr, caf::make_message_id(priority),
                   caf::make_message(caf::exit_msg{address(), reason}), context());
  }

  void abandon(const caf::actor& child, const std::string& id) override {
    demonitor(child.address());
    outcome_.hanging.push_back(id);
  }

  void start_check(const std::string& unit, gate& guard, check_scope scope,
                   std::uint64_t run) override {
    guard.start(scope, [self = supervisor_handle{this}, unit, run](storage::check_report report) {
      auto shared = std::make_shared<const storage::check_report>(std::move(report));
      caf::anon_send(self, check_ended{unit, run, std::move(shared)});
    });
  }

  std::optional<std::string> stores_open() override {
    return settings_.stores_open ? settings_.stores_open() : std::nullopt;
  }

  void record(const std::string& child, std::string what, std::string detail) override {
    tracer().note_about(child, trace::event_kind::supervised, what);
    auto dump = settings_.on_event ? settings_.on_event(child, what, detail) : std::string();
    if (events_.size() == settings_.events_max)
      events_.erase(events_.begin());
    events_.push_back({std::chrono::system_clock::now(), child, std::move(what), std::move(detail),
                       std::move(dump)});
  }

  void on_report(const storage::check_report& report) override {
    tracer().note(trace::event_kind::validated, storage::to_string(report.verdict),
                  static_cast<std::uint64_t>(std::ranges::count_if(
                      report.findings, [](const auto& each) { return each.is_violated; })));
    last_check_ = report;
    last_check_at_ = std::chrono::system_clock::now();
    if (report.verdict == storage::verdict::ok || report.verdict == storage::verdict::rebuild)
      log_passed(report);
    if (settings_.on_checked)
      settings_.on_checked(report);
  }

  void on_refused(const std::string& unit, const storage::check_report& report) override {
    log_refusal(report);
    publish();
    if (settings_.on_refused)
      settings_.on_refused(unit, report);
  }

  void on_hung(const std::string& child, const std::string& why) override {
    outcome_.hanging.push_back(child);
    publish();
    settings_.on_hung(child, why);
  }

  supervisor_settings settings_;
  std::vector<std::unique_ptr<unit>> units_;
  bool was_complete_ = false;
  bool is_draining_ = false;
  bool has_stopped_ = false;
  std::vector<actors::supervisor_event> events_;
  std::optional<storage::check_report> last_check_;
  std::chrono::system_clock::time_point last_check_at_{};
  stop_outcome outcome_;
};

base::status validate(const supervisor_settings& settings) {
  if (auto fault = validate(settings.children); !fault)
    return fault;
  if (auto fault = validate(settings.limits); !fault)
    return fault;
  std::map<std::string, bool> groups;
  for (const auto& child : settings.children)
    if (!child.group.empty())
      groups[child.group] = groups[child.group] || child.owns_store;
  for (const auto& [group, guard] : settings.gates)
    if (!guard || !groups.contains(group))
      return base::fail(base::errc::invalid, "gate of '" + group + "': there is no such group");
  for (const auto& [group, owns_store] : groups)
    if (owns_store && (!settings.gates.contains(group) || !settings.stores_open))
      return base::fail(base::errc::invalid,
                        "group '" + group + "' owns a store and needs a gate and stores_open");
  if (!settings.registry || !settings.board || !settings.on_hung)
    return base::fail(base::errc::invalid, "registry, board and on_hung are needed");
  if (settings.events_max == 0)
    return base::fail(base::errc::invalid, "at least one event is kept");
  if (settings.tick_every <= milliseconds::zero() || settings.close_budget <= milliseconds::zero())
    return base::fail(base::errc::invalid, "times must be above zero");
  return {};
}

} // namespace

base::result<supervisor_handle> start_supervisor(caf::actor_system& system,
                                                 supervisor_settings settings) {
  if (auto fault = validate(settings); !fault)
    return base::fail(fault.error().within("supervisor"));
  auto stats = settings.registry->add("supervisor", "scheduled", "", mailbox_limit);
  auto handle = system.spawn<supervisor_actor>(std::move(stats), std::move(settings));
  caf::anon_send(handle, actors::tick{});
  return handle;
}

} // namespace supervisor
