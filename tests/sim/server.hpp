// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "raft/core.hpp"
#include "raft/invariants.hpp"
#include "tests/sim/disk.hpp"
#include "tests/sim/key_values.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/store_thread.hpp"

namespace sim {

/// How a request of a client ended, as its server tells it.
struct write_done {
  raft::log_index index;
};
struct write_judged { ///< a conditional write, when applied
  bool is_done;
  std::uint64_t found;
};
struct read_done {
  std::uint64_t value;
  raft::log_index at;
};
struct not_done {
  raft::server_id leader; ///< who may know more; zero: nobody
};
struct outcome_unknown {};
using client_answer = std::variant<write_done, write_judged, read_done, not_done, outcome_unknown>;

/// What a server asks for on behalf of a client. Its number is the operation's.
struct client_request {
  std::uint64_t operation = 0;
  bool is_read = false;
  command what;             ///< of a write
  std::uint32_t key = 0;    ///< of a read
  raft::log_index promised; ///< what any client knew to be done when this one asked
};

/// What names a life of a server: its incarnation is made of it.
std::string name_of_life(raft::server_id id, std::uint64_t life);

/// How the servers of one simulation are set up: small, so that bounds are met.
struct server_habits {
  std::size_t window_entries = 4096;
  std::uint64_t log_entries_kept = 10000;
  std::uint64_t proposals_in_flight_max = 1000;
  bool has_leases = false; ///< then clocks are within the drift that leases allow
};

class server;

/// What all servers of one simulation share.
struct surroundings {
  const settings& what;
  scheduler& clock;
  network& links;
  oracle& judge;
  report& counters;
  base::uuid cluster;
  raft::membership founders;
  server_habits habits;
  std::function<void(std::uint64_t operation, const client_answer& answer)> answer;
  std::function<server*(raft::server_id id)> find;
};

/// One server: a real core, and everything that the node does for it, on simulated time.
class server {
public:
  /// Without founders it waits to be let in.
  server(raft::server_id id, const raft::membership& founders, surroundings& around, dice random);

  raft::server_id id() const { return id_; }
  const raft::incarnation& incarnation() const { return identity_.incarnation; }
  bool is_running() const { return life_.has_value(); }
  bool is_paused() const { return is_paused_; }
  std::uint64_t boot() const { return boot_; }
  const disk& stores() const { return disk_; }
  /// Requires: it runs.
  const raft::core& protocol() const { return life_->protocol; }
  /// The chain at `index`, from memory or from the disk, where this server has it.
  std::optional<raft::chain_hash> chain_at(raft::log_index index) const;

  /// Requires: it does not run.
  void start();
  /// The process ends here and now; the stores keep what is durable. Requires: it runs.
  void crash();
  /// Nothing happens in the process until `resume`; its disk and its mail go on.
  void pause() { is_paused_ = true; }
  void resume();

  /// All it had is gone; it comes back as another life under its number, and waits to be let
  /// in. Requires: it does not run.
  void wipe();
  /// Its state machine's file is gone. Requires: it does not run.
  void lose_state();
  /// What its state machine's file had not taken from the WAL is gone. Requires: it does not run.
  void lose_wal();

  void set_disk_full(bool is_full);
  void set_disk_quality(const disk_quality& quality);
  /// The length of its seconds: 1000 is right, 1250 makes it slow.
  void set_clock_per_mille(std::uint64_t rate) { clock_per_mille_ = rate; }

  void deliver(const raft::server_life& from, const raft::message& body);
  void request(const client_request& what);
  /// The client of `operation` waits no longer.
  void forget(std::uint64_t operation);
  void change_membership(const raft::membership_change& what);
  void transfer_leadership(raft::server_id to);
  /// A snapshot of `from` has arrived whole.
  void receive(const raft::server_life& from, const key_values& snapshot);
  void checkpoint();

private:
  /// What ends with the process.
  struct life {
    raft::core protocol;
    raft::invariant_checker checker;
    std::vector<raft::outgoing_message> after_persist;
    std::map<std::uint64_t, client_request> waiting; ///< by operation
    // For planted bugs: what this server told others in its term.
    raft::term told_term;
    std::uint64_t newest_round = 0;
    std::uint64_t newest_question = 0;
    std::map<raft::server_id, std::uint64_t> streams; ///< snapshots on their way, numbered
    std::map<raft::server_id, raft::log_index> newest_sent;
  };

  void in_process(sim_time delay, std::function<void()> what);
  void input(const std::function<void()>& what);
  void perform();
  void observe(const raft::event& what);
  void fail();
  void perform_persist(raft::persist_request what);
  void perform_apply(raft::apply_request what);
  void perform_log_read(const raft::log_read_request& what);
  void perform_compact(const raft::compact_request& what);
  void perform_install(const raft::install_request& what);
  void send_snapshot(const raft::snapshot_to_send& what);
  void deliver_snapshot(raft::server_id to, const key_values& snapshot);
  void tell_received(const raft::server_life& from, const key_values& snapshot);
  void give_up_stream(raft::server_id to, std::uint64_t number);
  void snapshot_arrived(const raft::server_life& to, const raft::entry_id& point, bool is_taken);
  void send(const raft::outgoing_message& what);
  void persist_done();
  std::optional<raft::digest_point> reported_digest() const;
  void apply_done(const std::vector<effect>& effects, raft::log_index last);
  void tick();
  void mark_checkpoint();
  void copy_checkpoint(raft::log_index index);
  raft::core_config config();
  void submit_write(const client_request& what);
  void submit_read(const client_request& what);
  void settle(const raft::proposal_appended& what);
  void settle(const raft::proposal_committed& what);
  void settle(const raft::proposal_dropped& what);
  void settle(const raft::proposal_refused& what);
  void settle(const raft::proposal_unknown& what);
  void settle(const raft::read_confirmed& what);
  void settle(const raft::read_dropped& what);
  void answer_read(const client_request& what);
  void answer(std::uint64_t operation, const client_answer& what);
  // server_bugs.cpp: what planted bugs make of a message.
  void remember_told(const raft::outgoing_message& what);
  raft::message mutated_arrival(raft::server_id from, raft::message body);
  raft::message mutated_departure(raft::message body) const;
  bool has(bug which) const { return around_.what.planted == which; }
  /// Writes what `text` makes, if anybody wants to read it.
  template <class Text>
  void note(Text&& text) const {
    if (around_.what.trace != nullptr)
      *around_.what.trace << around_.clock.now() << " s" << id_.value << ' ' << text() << '\n';
  }

  raft::server_id id_;
  storage::identity identity_;
  surroundings& around_;
  dice random_;
  disk disk_;
  store_thread log_thread_;
  store_thread state_thread_;
  std::uint64_t boot_ = 0;
  std::uint64_t last_stream_ = 0;
  std::uint64_t life_number_ = 0;                      ///< how often it was wiped
  std::uint64_t last_change_ = std::uint64_t{1} << 40; ///< numbers for what operators ask
  sim_time last_tick_ = 0;
  std::uint64_t clock_per_mille_ = 1000;
  bool is_paused_ = false;
  std::vector<std::function<void()>> deferred_; ///< while paused
  std::optional<life> life_;
  /// A planted bug: what the state machine takes for applied when it is opened.
  std::optional<std::pair<raft::entry_id, raft::chain_hash>> forgotten_;
};

} // namespace sim
