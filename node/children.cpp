// SPDX-License-Identifier: Apache-2.0
#include "node/children.hpp"

#include <algorithm>
#include <ctime>

#include <caf/actor_cast.hpp>

#include "actors/checkpoint_scheduler.hpp"
#include "actors/inspector.hpp"
#include "actors/log_writer.hpp"
#include "actors/peer_links.hpp"
#include "actors/raft_actor.hpp"
#include "actors/reader_pool.hpp"
#include "actors/snapshot_receiver.hpp"
#include "actors/snapshot_sender.hpp"
#include "actors/storage_scanner.hpp"
#include "actors/storage_writer.hpp"
#include "base/check.hpp"
#include "node/core_recorder.hpp"
#include "node/flight_recorder.hpp"
#include "node/stores.hpp"

namespace node {

namespace {

using actors::directory;
using std::chrono::milliseconds;
using supervisor::child_spec;

std::uint64_t unix_time_ms() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

/// Goes on while the machine sleeps, other than std::chrono::steady_clock.
std::chrono::nanoseconds time_since_boot() {
  timespec now{};
  BASE_CHECK(::clock_gettime(CLOCK_BOOTTIME, &now) == 0, "Linux has this clock");
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// Builds one spec after the other for the same node.
class child_list {
public:
  child_list(const settings& all, const actors::actor_context& context, const newest_check& check,
             cluster_ties ties, std::shared_ptr<actors::disk_space> space)
    : all_(all), context_(context), check_(check), ties_(std::move(ties)),
      space_(std::move(space)) {}

  child_spec log_writer() const {
    auto start = [this_settings = &all_, context = context_, joined = ties_.joined, space = space_,
                  check = &check_](caf::actor_system& system, actors::generation life) {
      // The whole log is verified once a process; a restart verifies its newest part.
      auto how =
          life == 1 ? storage::log_verification::everything : storage::log_verification::tail;
      actors::log_writer_settings setup;
      setup.open = [this_settings, joined, how, check] {
        return open_log(*this_settings, joined, how, check->get());
      };
      setup.entries_kept = this_settings->raft.log_entries_kept;
      setup.bytes_kept = this_settings->raft.log_bytes_kept.bytes;
      setup.space = space;
      return caf::actor_cast<caf::actor>(
          actors::start_log_writer(system, context, life, std::move(setup)));
    };
    auto spec =
        store_child("log_writer", start, [](directory::handles& now) { now.log_writer = nullptr; });
    spec.owns_store = true;
    return spec;
  }

  child_spec storage_writer() const {
    auto start = [this_settings = &all_, context = context_, space = space_,
                  check = &check_](caf::actor_system& system, actors::generation life) {
      actors::storage_writer_settings setup;
      setup.space = space;
      setup.wal_warning_bytes = this_settings->cluster.sqlite_auto_checkpoint_threshold.bytes;
      setup.open = [this_settings, check, board = context.board] {
        // The log writer has begun: it stands before this child in the list.
        return open_state(*this_settings, board->get<actors::log_status>()->identity, check->get());
      };
      setup.install = [this_settings, board = context.board](const std::string& file) {
        return install_state(*this_settings, board->get<actors::log_status>()->identity, file);
      };
      setup.was_verified = [check] {
        // A state that did not exist is replayed here, row by row.
        auto report = check->get();
        return report.digest_was_complete || !report.last_applied;
      };
      return caf::actor_cast<caf::actor>(
          actors::start_storage_writer(system, context, life, std::move(setup)));
    };
    auto spec = store_child("storage_writer", start,
                            [](directory::handles& now) { now.storage_writer = nullptr; });
    spec.owns_store = true;
    return spec;
  }

  child_spec reader_pool() const {
    auto start = [this_settings = &all_, context = context_](caf::actor_system& system,
                                                             actors::generation) {
      actors::reader_pool_settings setup;
      setup.readers = this_settings->cluster.sqlite_read_pool_size;
      setup.waiting_max = this_settings->raft.reads_waiting_max;
      return caf::actor_cast<caf::actor>(actors::start_reader_pool(system, context, setup));
    };
    auto spec = store_child("reader_pool", start,
                            [](directory::handles& now) { now.reader_pool = nullptr; });
    spec.owns_store = true; // its readers hold connections
    return spec;
  }

  child_spec snapshot_sender() const {
    auto start = [this_settings = &all_, context = context_,
                  way = ties_.snapshots](caf::actor_system& system, actors::generation life) {
      actors::snapshot_sender_settings setup;
      setup.transport = way;
      auto stores = transfer_stores_of(*this_settings);
      setup.backend = stores.backend;
      setup.path = storage::transfer_paths(stores).outgoing();
      if (stores.backend != storage::backend::inmemory)
        setup.backup_path = storage::transfer_paths(stores).backup();
      return caf::actor_cast<caf::actor>(
          actors::start_snapshot_sender(system, context, life, std::move(setup)));
    };
    auto spec = store_child("snapshot_sender", start,
                            [](directory::handles& now) { now.snapshot_sender = nullptr; });
    spec.owns_store = true; // it opens snapshot files
    return spec;
  }

  child_spec snapshot_receiver() const {
    auto start = [this_settings = &all_, context = context_,
                  inbox = ties_.inbox](caf::actor_system& system, actors::generation life) {
      actors::snapshot_receiver_settings setup;
      setup.inbox = inbox;
      setup.stores = transfer_stores_of(*this_settings);
      setup.map_bytes = this_settings->cluster.lmdb_map_size.bytes;
      return caf::actor_cast<caf::actor>(
          actors::start_snapshot_receiver(system, context, life, std::move(setup)));
    };
    auto spec = store_child("snapshot_receiver", start,
                            [](directory::handles& now) { now.snapshot_receiver = nullptr; });
    spec.owns_store = true; // it opens snapshot files
    // It may wait for a sender that is silent.
    spec.forget = [forget = spec.forget, inbox = ties_.inbox] {
      forget();
      inbox->interrupt();
    };
    return spec;
  }

  child_spec inspector() const {
    auto start = [this_settings = &all_, context = context_](caf::actor_system& system,
                                                             actors::generation life) {
      actors::inspector_settings setup;
      auto stores = store_paths_of(*this_settings);
      if (stores.backend != storage::backend::inmemory)
        setup.copy_path = stores.log_path + ".copy";
      return caf::actor_cast<caf::actor>(
          actors::start_inspector(system, context, life, std::move(setup)));
    };
    auto spec =
        store_child("inspector", start, [](directory::handles& now) { now.inspector = nullptr; });
    spec.owns_store = true; // it opens copies of the log
    return spec;
  }

  child_spec storage_scanner() const {
    auto start = [this_settings = &all_, context = context_,
                  check = &check_](caf::actor_system& system, actors::generation) {
      actors::storage_scanner_settings setup;
      setup.interval = this_settings->supervisor.scan_interval;
      setup.bytes_per_second = this_settings->supervisor.scan_rate.bytes;
      setup.was_verified = [check] { return check->get().digest_was_complete; };
      return caf::actor_cast<caf::actor>(
          actors::start_storage_scanner(system, context, std::move(setup)));
    };
    return store_child("storage_scanner", start,
                       [](directory::handles& now) { now.storage_scanner = nullptr; });
  }

  child_spec raft() const {
    auto start = [this_settings = &all_, context = context_,
                  space = space_](caf::actor_system& system, actors::generation life) {
      auto setup = raft_setup(*this_settings, context);
      setup.space = space;
      return caf::actor_cast<caf::actor>(
          actors::start_raft_actor(system, context, life, std::move(setup)));
    };
    return store_child("raft", start, [](directory::handles& now) { now.raft = nullptr; });
  }

  child_spec peer_links() const {
    auto start = [this_settings = &all_, context = context_,
                  way = ties_.transport](caf::actor_system& system, actors::generation life) {
      actors::peer_links_settings setup;
      setup.transport = way;
      setup.opens_at_once = this_settings->cluster.names_peers();
      return caf::actor_cast<caf::actor>(
          actors::start_peer_links(system, context, life, std::move(setup)));
    };
    return store_child("peer_links", start,
                       [](directory::handles& now) { now.peer_links = nullptr; });
  }

  child_spec checkpoint_scheduler() const {
    auto start = [this_settings = &all_, context = context_,
                  space = space_](caf::actor_system& system, actors::generation) {
      actors::checkpoint_scheduler_settings setup;
      setup.space = space;
      setup.limits.truncate_bytes = this_settings->cluster.sqlite_auto_checkpoint_threshold.bytes;
      if (const auto& window = this_settings->cluster.sqlite_checkpoint_window)
        setup.limits.window =
            actors::daily_window{static_cast<std::uint32_t>(window->begin.count()),
                                 static_cast<std::uint32_t>(window->end.count())};
      setup.wall_clock = [] { return std::chrono::system_clock::now(); };
      return caf::actor_cast<caf::actor>(
          actors::start_checkpoint_scheduler(system, context, std::move(setup)));
    };
    auto spec = store_child("checkpoint_scheduler", start,
                            [](directory::handles& now) { now.checkpoint_scheduler = nullptr; });
    spec.group.clear();
    return spec;
  }

private:
  using change = void (*)(directory::handles&);

  static actors::raft_settings raft_setup(const settings& all,
                                          const actors::actor_context& context) {
    actors::raft_settings setup;
    setup.tick_interval = all.raft.heartbeat_interval;
    setup.core.self = ::raft::server_id{all.cluster.node_id};
    auto identity = context.board->get<actors::log_status>()->identity;
    setup.core.cluster_id = identity.cluster_id;
    setup.founders = founders_of(all, identity);
    setup.core.election_timeout_ticks_min = ticks(all.raft.election_timeout_min, all);
    setup.core.election_timeout_ticks_max = ticks(all.raft.election_timeout_max, all);
    setup.core.proposals_in_flight_max = all.raft.proposals_in_flight_max;
    setup.core.proposal_bytes_in_flight_max = all.raft.proposal_bytes_in_flight_max.bytes;
    setup.core.reads_waiting_max = all.raft.reads_waiting_max;
    setup.core.log_entries_kept_min = all.raft.log_entries_kept;
    setup.core.log_bytes_kept_max = all.raft.log_bytes_kept.bytes;
    setup.core.leases_enabled = all.raft.leases_enabled;
    setup.core.clock_drift_ticks = drift_ticks(all);
    setup.time_passed = time_since_boot;
    setup.random_seed = base::hash_of(base::to_string(base::random_uuid())).low;
    setup.wall_clock_ms = unix_time_ms;
    setup.write_patience = all.http.request_timeout;
    if (all.trace.record_core)
      setup.record_core = [directory = trace_directory_of(all),
                           bytes_max = all.trace.record_core_size.bytes] {
        return record_core(directory, bytes_max);
      };
    return setup;
  }

  static std::uint32_t ticks(milliseconds time, const settings& all) {
    return static_cast<std::uint32_t>(
        std::max<std::int64_t>(1, time.count() / all.raft.heartbeat_interval.count()));
  }

  /// Rounded up: a lease must not be longer than it says.
  static std::uint32_t drift_ticks(const settings& all) {
    auto of_timeout = std::uint64_t{ticks(all.raft.election_timeout_min, all)};
    return static_cast<std::uint32_t>((of_timeout * all.raft.clock_drift_percent + 99) / 100);
  }

  /// A member of the group that stands or falls together.
  template <class Start>
  child_spec store_child(const char* name, Start start, change forget) const {
    child_spec spec;
    spec.id = name;
    spec.group = store_group;
    spec.start = std::move(start);
    spec.forget = [where = context_.where, forget] { where->change(forget); };
    spec.shutdown_budget = all_.supervisor.shutdown_time;
    spec.start_budget = all_.supervisor.hang_time;
    spec.hang_bound = all_.supervisor.hang_time;
    spec.progress = [registry = context_.registry, id = std::string(name)] {
      return registry->work_of(id);
    };
    spec.busy_for = [registry = context_.registry, id = std::string(name)] {
      return registry->busy_for(id);
    };
    return spec;
  }

  const settings& all_;
  const actors::actor_context& context_;
  const newest_check& check_;
  const cluster_ties ties_;
  const std::shared_ptr<actors::disk_space> space_;
};

} // namespace

std::vector<child_spec> children_of(const settings& all, const actors::actor_context& context,
                                    const newest_check& check, cluster_ties ties,
                                    std::shared_ptr<actors::disk_space> space) {
  child_list list(all, context, check, std::move(ties), std::move(space));
  return {list.log_writer(),
          list.storage_writer(),
          list.reader_pool(),
          list.snapshot_sender(),
          list.snapshot_receiver(),
          list.inspector(),
          list.raft(),
          list.peer_links(),
          list.storage_scanner(),
          list.checkpoint_scheduler()};
}

} // namespace node
