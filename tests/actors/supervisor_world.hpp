// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include "actors/actor_registry.hpp"
#include "actors/node_status.hpp"
#include "actors/protocol.hpp"
#include "supervisor/supervisor_actor.hpp"

namespace tests {

using namespace std::chrono_literals;

/// A gate whose answers the test gives: at once while `answer` is set, else by `say`.
class scripted_gate : public supervisor::gate {
public:
  std::optional<storage::verdict> answer = storage::verdict::ok;
  std::vector<supervisor::check_scope> scopes; ///< of every check begun
  bool was_cancelled = false;
  bool remembers = false; ///< has something to forgive
  int times_forgiven = 0;
  std::function<void()> on_start;

  void start(supervisor::check_scope scope, on_checked done) override;
  void cancel() override;
  bool forgive() override {
    times_forgiven += remembers ? 1 : 0;
    return remembers;
  }
  void say(storage::verdict what);
  bool is_asked() const { return done_ != nullptr; }

private:
  on_checked done_;
};

/// How a child of the test behaves; read when it is asked to begin.
struct conduct {
  bool begins = true;      ///< else it never answers
  std::string begin_error; ///< answered instead of `begun`
  bool start_throws = false;
  bool ignores_exit = false; ///< to an orderly exit; a kill still ends it
  bool hangs = false;        ///< not even a kill ends it: its end is never reported
};

/// A supervisor over children that do what the test says, on the deterministic scheduler
/// and virtual time. What the supervisor did stands in `story`, in order.
class supervisor_world {
public:
  supervisor_world();
  ~supervisor_world();

  // -- the tree, before `start` ---------------------------------------------------
  supervisor::child_spec& add(const std::string& id, const std::string& group = "");
  scripted_gate& gate_of(const std::string& group);
  supervisor::supervisor_settings settings;

  /// Starts the supervisor and lets it come to rest.
  void start();

  // -- what happens ------------------------------------------------------------------
  void crash(const std::string& id, const std::string& why = "bang");
  void end_normally(const std::string& id);
  void pass(std::chrono::milliseconds time);
  void settle();
  void stop();
  actors::answer<supervisor::restart_under_way> restart(const std::string& name,
                                                        bool clears_quarantine = false);
  actors::answer<supervisor::restart_under_way> clear(const std::string& name) {
    return restart(name, true);
  }

  // -- what is -----------------------------------------------------------------------
  actors::supervisor_status status();
  actors::child_status child(const std::string& id);
  std::string state_of(const std::string& id);
  bool has_event(const std::string& child, const std::string& what);
  std::size_t count_events(const std::string& what);
  bool runs(const std::string& id) const { return live.contains(id); }

  std::map<std::string, conduct> conducts;
  std::map<std::string, std::uint64_t> live; ///< id → generation
  std::optional<std::string> open_store;     ///< what `stores_open` answers
  std::vector<std::string> story;            ///< "start raft 1", "end raft kill", "check", …
  std::string told();                        ///< the story since the last call, joined by ", "
  std::optional<supervisor::stop_outcome> stopped;
  std::vector<std::string> refusals;
  std::vector<std::string> hung;

  const supervisor::supervisor_handle& handle() const { return supervisor_; }

private:
  struct config : caf::actor_system_config {
    config() { set("scheduler.policy", caf::atom("testing")); }
  };
  caf::scheduler::test_coordinator& scheduler();
  caf::actor spawn_child(const std::string& id, std::uint64_t generation);

  config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::map<std::string, std::shared_ptr<scripted_gate>> gates_;
  std::map<std::string, caf::actor> handles_; ///< also of children that hang
  supervisor::supervisor_handle supervisor_;
};

} // namespace tests
