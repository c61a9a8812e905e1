// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/supervisor_world.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <caf/system_messages.hpp>

#include "actors/traced.hpp"

namespace tests {

namespace {

struct crash_now {
  std::string why;
};
struct end_now {};

} // namespace

} // namespace tests

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tests::crash_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tests::end_now)

namespace tests {

namespace {

/// Does what its conduct says and tells the story.
class test_child : public actors::traced<caf::event_based_actor> {
public:
  test_child(caf::actor_config& config, std::shared_ptr<actors::actor_registry> registry,
             std::string id, std::uint64_t generation, supervisor_world& world)
    : traced(config, registry, registry->add(id, "scheduled", "supervisor", 100)),
      id_(std::move(id)), generation_(generation), world_(world) {
    set_exit_handler([this](caf::exit_msg& what) {
      world_.story.push_back("ask " + id_ + " to end");
      if (!world_.conducts[id_].ignores_exit)
        quit(what.reason);
    });
  }

  caf::behavior make_behavior() override {
    return {
        [this](actors::begin) { return on_begin(); },
        [](const crash_now& what) { throw std::runtime_error(what.why); },
        [this](end_now) { quit(); },
    };
  }

  using traced::enqueue;
  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* unit) override {
    if (!world_.conducts[id_].hangs)
      traced::enqueue(std::move(message), unit);
  }

  void on_exit() override {
    promises_.clear(); // each holds this actor
    if (runs_as(generation_))
      world_.live.erase(id_);
    world_.story.push_back("end " + id_);
  }

private:
  caf::result<actors::begun> on_begin() {
    const auto& conduct = world_.conducts[id_];
    if (!conduct.begin_error.empty())
      return caf::make_error(caf::sec::runtime_error, conduct.begin_error);
    if (conduct.begins)
      return actors::begun{};
    promises_.push_back(make_response_promise());
    return caf::delegated<actors::begun>{};
  }

  bool runs_as(std::uint64_t generation) const {
    auto found = world_.live.find(id_);
    return found != world_.live.end() && found->second == generation;
  }

  std::string id_;
  std::uint64_t generation_;
  supervisor_world& world_;
  std::vector<caf::response_promise> promises_;
};

} // namespace

void scripted_gate::start(supervisor::check_scope scope, on_checked done) {
  scopes.push_back(scope);
  done_ = std::move(done);
  if (on_start)
    on_start();
  if (answer)
    say(*answer);
}

void scripted_gate::cancel() {
  was_cancelled = true;
  say(storage::verdict::retry);
}

void scripted_gate::say(storage::verdict what) {
  storage::check_report report;
  report.verdict = what;
  if (what != storage::verdict::ok)
    report.findings.push_back(
        {"INV-70", "the test says so",
         what == storage::verdict::refuse || what == storage::verdict::retry});
  if (auto done = std::exchange(done_, nullptr))
    done(std::move(report));
}

supervisor_world::supervisor_world() : system_(std::make_unique<caf::actor_system>(config_)) {
  settings.registry = std::make_shared<actors::actor_registry>();
  settings.board = std::make_shared<actors::status_board>();
  settings.stores_open = [this] { return open_store; };
  settings.on_refused = [this](const std::string& unit, const storage::check_report&) {
    refusals.push_back(unit);
  };
  settings.on_hung = [this](const std::string& child, const std::string&) {
    hung.push_back(child);
  };
  settings.on_stopped = [this](const supervisor::stop_outcome& outcome) {
    story.push_back("stopped");
    stopped = outcome;
  };
}

supervisor_world::~supervisor_world() {
  for (auto& [id, what] : conducts)
    what.hangs = false;
  if (supervisor_)
    caf::anon_send_exit(supervisor_, caf::exit_reason::kill);
  for (auto& [id, handle] : handles_)
    caf::anon_send_exit(handle, caf::exit_reason::kill);
  pass(1s);
  supervisor_ = nullptr;
  handles_.clear();
  pass(1s);
}

supervisor::child_spec& supervisor_world::add(const std::string& id, const std::string& group) {
  supervisor::child_spec spec;
  spec.id = id;
  spec.group = group;
  spec.start = [this, id](caf::actor_system&, std::uint64_t life) { return spawn_child(id, life); };
  spec.forget = [this, id] { story.push_back("forget " + id); };
  spec.start_budget = 5s;
  spec.shutdown_budget = 2s;
  spec.hang_bound = 60s;
  settings.children.push_back(std::move(spec));
  return settings.children.back();
}

scripted_gate& supervisor_world::gate_of(const std::string& group) {
  auto& gate = gates_[group];
  if (!gate) {
    gate = std::make_shared<scripted_gate>();
    gate->on_start = [this] { story.push_back("check"); };
    settings.gates[group] = gate;
  }
  return *gate;
}

caf::actor supervisor_world::spawn_child(const std::string& id, std::uint64_t generation) {
  story.push_back("start " + id + " " + std::to_string(generation));
  if (conducts[id].start_throws)
    throw std::runtime_error("cannot be spawned");
  auto handle = system_->spawn<test_child>(settings.registry, id, generation, *this);
  live[id] = generation;
  handles_[id] = handle;
  return handle;
}

void supervisor_world::start() {
  auto started = supervisor::start_supervisor(*system_, settings);
  if (!started)
    throw std::runtime_error(started.error().text);
  supervisor_ = *started;
  settle();
}

void supervisor_world::crash(const std::string& id, const std::string& why) {
  caf::anon_send(handles_.at(id), crash_now{why});
  settle();
}

void supervisor_world::end_normally(const std::string& id) {
  caf::anon_send(handles_.at(id), end_now{});
  settle();
}

void supervisor_world::pass(std::chrono::milliseconds time) {
  constexpr auto step = 50ms;
  for (auto passed = 0ms; passed < time; passed += step) {
    scheduler().advance_time(step);
    settle();
  }
}

void supervisor_world::settle() {
  scheduler().run();
}

void supervisor_world::stop() {
  caf::anon_send(supervisor_, supervisor::stop_all{});
  settle();
}

actors::answer<supervisor::restart_under_way> supervisor_world::restart(const std::string& name,
                                                                        bool clears_quarantine) {
  auto asker = actors::blocking_asker::make();
  auto slot = std::make_shared<actors::slot<supervisor::restart_under_way>>(asker);
  caf::anon_send(supervisor_, supervisor::restart_child{
                                  name, actors::reply_to<supervisor::restart_under_way>(slot),
                                  clears_quarantine});
  settle();
  return slot->take();
}

actors::supervisor_status supervisor_world::status() {
  return *settings.board->get<actors::supervisor_status>();
}

actors::child_status supervisor_world::child(const std::string& id) {
  for (auto& each : status().children)
    if (each.name == id)
      return each;
  throw std::out_of_range("no child " + id);
}

std::string supervisor_world::state_of(const std::string& id) {
  return std::string(actors::to_string(child(id).state));
}

bool supervisor_world::has_event(const std::string& who, const std::string& what) {
  auto events = status().events;
  return std::ranges::any_of(
      events, [&](const auto& each) { return each.child == who && each.what == what; });
}

std::size_t supervisor_world::count_events(const std::string& what) {
  auto events = status().events;
  return static_cast<std::size_t>(
      std::ranges::count_if(events, [&](const auto& each) { return each.what == what; }));
}

std::string supervisor_world::told() {
  std::string all;
  for (const auto& each : std::exchange(story, {}))
    all += (all.empty() ? "" : ", ") + each;
  return all;
}

caf::scheduler::test_coordinator& supervisor_world::scheduler() {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

} // namespace tests
