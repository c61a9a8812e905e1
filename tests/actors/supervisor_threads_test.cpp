// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <fstream>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "actors/traced.hpp"
#include "supervisor/process_gate.hpp"
#include "supervisor/supervisor_actor.hpp"
#include "tests/support/catch.hpp"

using namespace std::chrono_literals;

namespace {

/// Ends by an exception at each tick it is sent.
class fragile_child : public actors::traced<caf::event_based_actor> {
public:
  using traced::traced;

  caf::behavior make_behavior() override {
    return {
        [](actors::begin) { return actors::begun{}; },
        [](actors::tick) { throw std::runtime_error("bang"); },
    };
  }
};

/// Does in one message what the test gives it.
class working_child : public actors::traced<caf::event_based_actor> {
public:
  working_child(caf::actor_config& config, std::shared_ptr<actors::actor_registry> registry,
                std::shared_ptr<actors::actor_stats> stats, std::function<void()> work)
    : traced(config, std::move(registry), std::move(stats)), work_(std::move(work)) {}

  caf::behavior make_behavior() override {
    return {[this](actors::tick) { work_(); }};
  }

private:
  std::function<void()> work_;
};

/// A child with a thread of its own in the middle of one long message.
class busy_child {
public:
  explicit busy_child(std::function<void()> step) {
    auto stats = registry->add("child", "detached", "supervisor", 1000);
    auto work = [this, step] {
      while (!is_done)
        step();
    };
    actor_ = system_.spawn<working_child, caf::detached>(registry, std::move(stats), work);
    caf::anon_send(actor_, actors::tick{});
  }
  ~busy_child() {
    is_done = true;
    caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
    actor_ = nullptr;
  }

  std::shared_ptr<actors::actor_registry> registry = std::make_shared<actors::actor_registry>();

private:
  std::atomic<bool> is_done{false};
  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  caf::actor actor_;
};

/// A supervisor on real threads and the real clock: children with threads of their own,
/// and a gate that runs a real process.
class busy_node {
public:
  busy_node() {
    settings_.children = {child("log", "stores"), child("raft", "stores"), child("lone", "")};
    settings_.children[0].owns_store = true;
    supervisor::process_gate_settings gate;
    gate.program = "/bin/sh";
    gate.arguments = [](supervisor::check_scope) {
      return std::vector<std::string>{"-c", "echo '" + storage::to_json({}) + "'"};
    };
    settings_.gates["stores"] = std::make_shared<supervisor::process_gate>(std::move(gate));
    settings_.limits.first_delay = 1ms;
    settings_.limits.last_delay = 5ms;
    settings_.limits.restarts_max = 1000;
    settings_.tick_every = 2ms;
    settings_.registry = registry_;
    settings_.board = board_;
    settings_.stores_open = [] { return std::nullopt; };
    settings_.on_hung = [this](const std::string&, const std::string&) { ++hung; };
    settings_.on_stopped = [this](const supervisor::stop_outcome&) { is_stopped = true; };
    handle_ = *supervisor::start_supervisor(system_, settings_);
  }

  ~busy_node() {
    caf::anon_send(handle_, supervisor::stop_all{});
    becomes_true([this] { return is_stopped.load(); });
    handle_ = nullptr;
  }

  void crash(const std::string& id) {
    caf::actor victim;
    {
      std::lock_guard guard(mutex_);
      victim = handles_[id];
    }
    if (victim)
      caf::anon_send(victim, actors::tick{});
  }

  bool has_restarted(std::uint64_t times) {
    return becomes_true([&] {
      auto status = board_->get<actors::supervisor_status>();
      return status && status->restarts_total >= times;
    });
  }

  bool all_run() {
    return becomes_true([&] {
      auto status = board_->get<actors::supervisor_status>();
      if (!status || status->children.empty())
        return false;
      for (const auto& each : status->children)
        if (each.state != actors::child_state::running)
          return false;
      return true;
    });
  }

  template <class Condition>
  static bool becomes_true(Condition&& condition) {
    for (int i = 0; i < 6000; ++i, std::this_thread::sleep_for(10ms))
      if (condition())
        return true;
    return false;
  }

  std::atomic<int> hung{0};
  std::atomic<bool> is_stopped{false};

private:
  supervisor::child_spec child(const std::string& id, const std::string& group) {
    supervisor::child_spec spec;
    spec.id = id;
    spec.group = group;
    spec.start = [this, id](caf::actor_system& system, std::uint64_t) {
      auto stats = registry_->add(id, "detached", "supervisor", 1000);
      caf::actor handle = system.spawn<fragile_child, caf::detached>(registry_, std::move(stats));
      std::lock_guard guard(mutex_);
      handles_[id] = handle;
      return handle;
    };
    spec.forget = [this, id] {
      caf::actor former;
      std::lock_guard guard(mutex_);
      std::swap(former, handles_[id]);
    };
    spec.progress = [this, id] { return registry_->work_of(id); };
    spec.busy_for = [this, id] { return registry_->busy_for(id); };
    return spec;
  }

  struct config : caf::actor_system_config {
    config() { set("scheduler.policy", caf::atom("sharing")); }
  };

  std::shared_ptr<actors::actor_registry> registry_ = std::make_shared<actors::actor_registry>();
  std::shared_ptr<actors::status_board> board_ = std::make_shared<actors::status_board>();
  std::mutex mutex_;
  std::map<std::string, caf::actor> handles_;
  supervisor::supervisor_settings settings_;
  config config_;
  caf::actor_system system_{config_};
  supervisor::supervisor_handle handle_;
};

} // namespace

TEST_CASE("children that crash all the time are restarted all the time, on real threads") {
  busy_node node;
  for (std::uint64_t restarts = 1; restarts <= 20; ++restarts) {
    REQUIRE(node.all_run());
    node.crash(restarts % 3 == 0 ? "lone" : restarts % 2 == 0 ? "log" : "raft");
    REQUIRE(node.has_restarted(restarts));
  }
  CHECK(node.hung == 0);
}

TEST_CASE("a stop in the middle of a crash is a stop") {
  for (int i = 0; i < 10; ++i) {
    busy_node node;
    if (i % 2 == 0)
      REQUIRE(node.all_run());
    node.crash("raft");
    node.crash("lone");
  }
}

TEST_CASE("a child in the middle of one message gets on as long as its thread writes") {
  std::ofstream file("/dev/null");
  busy_child child([&] {
    file << 'x' << std::flush;
    std::this_thread::sleep_for(1ms);
  });
  CHECK(busy_node::becomes_true([&] { return child.registry->busy_for("child") >= 50ms; }));
  auto before = child.registry->work_of("child");
  CHECK(busy_node::becomes_true([&] { return child.registry->work_of("child") != before; }));
}

TEST_CASE("a child in the middle of one message gets nowhere while its thread waits") {
  busy_child child([] { std::this_thread::sleep_for(1ms); });
  CHECK(busy_node::becomes_true([&] { return child.registry->busy_for("child") >= 50ms; }));
  auto before = child.registry->work_of("child");
  CHECK(busy_node::becomes_true([&] { return child.registry->busy_for("child") >= 200ms; }));
  CHECK(child.registry->work_of("child") == before);
}
