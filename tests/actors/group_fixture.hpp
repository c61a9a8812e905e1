// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include "actors/actor_gateway.hpp"
#include "actors/checkpoint_scheduler.hpp"
#include "actors/log_writer.hpp"
#include "actors/raft_actor.hpp"
#include "actors/reader_pool.hpp"
#include "actors/storage_writer.hpp"
#include "base/limits.hpp"
#include "storage/memory_log_store.hpp"
#include "storage/memory_state_machine.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/faulty_stores.hpp"

namespace actors {

/// The group of a sole voter on CAF's deterministic scheduler, over stores in memory
/// that fail when told to. Time stands still until `pass`.
class group_fixture {
public:
  explicit group_fixture(std::shared_ptr<trace::recorder> recorder = nullptr) {
    context.registry = std::make_shared<actor_registry>(std::move(recorder));
    context.board = std::make_shared<status_board>();
    context.metrics = std::make_shared<node_metrics>(raft::server_id{1});
    context.where = std::make_shared<directory>();
    context.detach_blocking = false;
    state_script->journal = log_script->journal;
    identity.cluster_id = base::uuid_from_name("cluster");
    identity.server = raft::server_id{1};
    identity.incarnation = base::uuid_from_name("incarnation");
    identity.log_uuid = base::uuid_from_name("log");
    start();
  }

  ~group_fixture() {
    auto all = context.where->get();
    context.where->change([](directory::handles& now) { now = {}; });
    caf::anon_send_exit(all.checkpoint_scheduler, caf::exit_reason::kill);
    caf::anon_send_exit(all.raft, caf::exit_reason::kill);
    caf::anon_send_exit(all.reader_pool, caf::exit_reason::kill);
    caf::anon_send_exit(all.storage_writer, caf::exit_reason::kill);
    caf::anon_send_exit(all.log_writer, caf::exit_reason::kill);
    settle();
  }

  void settle() { scheduler().run(); }
  /// In small steps, so that a timer that is set anew within `time` fires again.
  void pass(std::chrono::milliseconds time) {
    for (constexpr std::chrono::milliseconds step{1}; time.count() > 0; time -= step) {
      scheduler().advance_time(step);
      settle();
    }
  }
  std::vector<std::string>& journal() { return *log_script->journal; }
  std::size_t place_of(const std::string& call) {
    return static_cast<std::size_t>(std::find(journal().begin(), journal().end(), call)
                                    - journal().begin());
  }

  // -- what a client does ---------------------------------------------------------

  std::shared_ptr<slot<written>> write(const storage::command& what, bool needs_result = false) {
    client_write request;
    request.command = raft::payload(storage::encode(what));
    request.answer_needs_apply = needs_result || what.is_conditional();
    auto where = std::make_shared<slot<written>>(nullptr);
    request.reply = reply_to<written>(where);
    client_batch batch;
    batch.writes = std::make_shared<std::vector<client_write>>();
    batch.writes->push_back(std::move(request));
    door->submit(std::move(batch));
    return where;
  }
  std::shared_ptr<slot<written>> put(const std::string& key, const std::string& value) {
    return write({{storage::set_operation{key, value}}, {}});
  }
  std::shared_ptr<slot<written>> remove(const std::string& key) {
    return write({{storage::delete_operation{key}}, {}}, true);
  }
  std::shared_ptr<slot<query_result>> get(const std::string& key,
                                          consistency how = consistency::linearizable,
                                          std::uint64_t min_index = 0) {
    client_read request;
    request.what = key;
    request.consistency = how;
    request.min_index = raft::log_index{min_index};
    auto where = std::make_shared<slot<query_result>>(nullptr);
    request.reply = reply_to<query_result>(where);
    client_batch batch;
    batch.reads = std::make_shared<std::vector<client_read>>();
    batch.reads->push_back(std::move(request));
    door->submit(std::move(batch));
    return where;
  }

  /// The value a read found; "(none)" for no row, "(error)" with its code for a refusal.
  static std::string value_of(const std::shared_ptr<slot<query_result>>& where) {
    if (!where->is_filled())
      return "(waiting)";
    auto told = where->take();
    if (!told)
      return "(" + std::string(to_string(told.error().code)) + ")";
    auto& found = std::get<storage::get_result>(*told).found;
    return found ? found->value : "(none)";
  }

  bool is_alive(const char* name) const {
    for (const auto& row : context.registry->list())
      if (row.name == name)
        return row.state != "ended";
    return false;
  }

  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }

  raft_settings raft_setup() const {
    raft_settings setup;
    setup.core.self = identity.server;
    setup.core.cluster_id = identity.cluster_id;
    setup.core.proposals_in_flight_max = 100;
    setup.core.proposal_bytes_in_flight_max = base::limits::mebibyte;
    setup.core.reads_waiting_max = 100;
    setup.wall_clock_ms = [] { return std::uint64_t{0}; };
    return setup;
  }

  static constexpr generation life = 1;
  actor_context context;
  storage::identity identity;
  std::shared_ptr<test_support::fault_script> log_script =
      std::make_shared<test_support::fault_script>();
  std::shared_ptr<test_support::fault_script> state_script =
      std::make_shared<test_support::fault_script>();
  std::unique_ptr<gateway> door;

private:
  struct virtual_time : caf::actor_system_config {
    virtual_time() { set("scheduler.policy", caf::atom("testing")); }
  };

  void start() {
    door = make_actor_gateway(context, {[] {}, {}});
    begin_child(start_log_writer(system, context, life, {[this] { return open_log(); }}));
    begin_child(start_storage_writer(system, context, life,
                                     {[this] { return open_state(); }, [] { return true; }, 0}));
    begin_child(start_reader_pool(system, context, {3, 100, 8}));
    begin_child(start_raft_actor(system, context, life, raft_setup()));
    begin_child(start_checkpoint_scheduler(system, context,
                                           {{}, std::chrono::milliseconds(100), [] {
                                              return std::chrono::system_clock::time_point{};
                                            }}));
  }

  template <class Handle>
  void begin_child(const Handle& child) {
    caf::anon_send(child, begin{});
    settle();
  }

  base::result<std::unique_ptr<storage::log_store>> open_log() {
    raft::membership members;
    members.voters.push_back({identity.server, identity.incarnation, "", ""});
    auto inner =
        std::make_unique<storage::memory_log_store>(storage::genesis_seed(identity, members));
    return std::make_unique<test_support::faulty_log_store>(std::move(inner), log_script);
  }
  base::result<std::unique_ptr<storage::state_machine>> open_state() {
    auto inner = std::make_unique<storage::memory_state_machine>(identity);
    return std::make_unique<test_support::faulty_state_machine>(std::move(inner), state_script);
  }

  virtual_time config_;

public:
  caf::actor_system system{config_};
};

} // namespace actors
