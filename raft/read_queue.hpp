// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "raft/ready.hpp"
#include "raft/types.hpp"

namespace raft {

/// Reads that wait, by what they wait for (thesis 6.4). At a leader: its first own commit;
/// a round that begins after they came; that round's quorum. At anybody else: a question to
/// the leader that leaves after they came; its answer. Anywhere: their index to be applied.
/// A request is in at most one place.
class read_queue {
public:
  std::size_t size() const;
  bool contains(request_id request) const;

  void add_before_own_commit(request_id request) { before_own_commit_.insert(request); }
  void add_for_round(request_id request, log_index index) { for_round_[request] = index; }
  void add_for_apply(request_id request, log_index index);
  void forget(request_id request);

  /// Those that waited for the leader's first own commit; they are gone from here.
  std::vector<request_id> take_before_own_commit();

  bool wants_round() const { return !for_round_.empty(); }
  bool has_open_round() const { return !in_round_.empty(); }
  /// Everybody who waits for a round is in it now.
  void begin_round();
  /// The round's quorum answered: those in it, with their indexes; they are gone from here.
  std::vector<read_confirmed> finish_round();

  void add_for_leader(request_id request) { for_leader_.insert(request); }
  bool wants_question() const { return !for_leader_.empty(); }
  bool has_open_question() const { return !at_leader_.empty(); }
  /// Everybody who waits for a question waits for its answer now.
  void begin_question() { at_leader_.merge(for_leader_); }
  /// Those who waited for the answer; they are gone from here.
  std::vector<request_id> finish_question();
  /// Those who wait for the leader, asked already or not; they are gone from here.
  std::vector<request_id> drop_leaders();

  /// Whether somebody waits for an index in (after, up_to] to be applied.
  bool wants_apply(log_index after, log_index up_to) const;
  /// Those whose index is applied, in the index's order; they are gone from here.
  std::vector<read_confirmed> take_applied(log_index last_applied);

  /// Those whose index is not confirmed; they are gone from here.
  std::vector<request_id> drop_unconfirmed();

private:
  friend class invariant_checker;

  std::set<request_id> before_own_commit_;
  std::map<request_id, log_index> for_round_;
  std::map<request_id, log_index> in_round_;
  std::set<request_id> for_leader_;
  std::set<request_id> at_leader_;
  std::map<request_id, log_index> for_apply_;
  std::set<std::pair<log_index, request_id>> for_apply_by_index_;
};

} // namespace raft
