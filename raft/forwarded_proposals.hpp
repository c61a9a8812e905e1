// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "raft/ready.hpp"
#include "raft/types.hpp"

namespace raft {

/// Proposals that this server forwarded to a leader: sent, then placed in the leader's
/// log, then committed, then applied here. Like local ones they are in flight until then;
/// those whose answer was lost stay until they are forgotten.
class forwarded_proposals {
public:
  std::uint64_t in_flight() const { return items_.size(); }
  std::uint64_t bytes_in_flight() const { return bytes_; }

  /// Returns the number it is sent under, which is above all before it.
  std::uint64_t add(request_id request, std::uint64_t bytes, bool answer_needs_apply);
  void forget(request_id request);

  /// The leader placed it. Nothing: it waits for no answer (any more).
  std::optional<request_id> place(std::uint64_t number, const entry_id& id);
  /// The leader did not take it; it is gone from here. Nothing: as above.
  std::optional<request_id> refuse(std::uint64_t number);

  /// What the local log says about an index: its term there, or nothing when that is
  /// compacted.
  using term_lookup = std::function<std::optional<term>(log_index)>;
  /// Ends the waiting of those whose fate `commit_index` decides: committed if the entry of
  /// their term stands there, dropped if another does or can (terms never go back).
  std::vector<proposal_answer> settle(log_index commit_index, log_index last_applied,
                                      const term_lookup& term_at);
  /// The highest committed proposal whose client waits for apply; zero: none so far.
  log_index apply_wanted() const { return apply_wanted_; }
  void applied(log_index last_applied);

private:
  friend class invariant_checker;

  struct item {
    request_id request;
    std::uint64_t bytes;
    bool answer_needs_apply;
    std::optional<entry_id> id; ///< set when placed
  };
  using items = std::map<std::uint64_t, item>;
  void erase(items::iterator which);
  proposal_answer judge(item& which, log_index last_applied, const term_lookup& term_at);

  items items_;                                             // by number
  std::set<std::pair<entry_id, std::uint64_t>> undecided_;  // placed, not known to be committed
  std::set<std::pair<log_index, std::uint64_t>> unapplied_; // committed
  term settled_term_; // nothing undecided is of an earlier one
  std::uint64_t last_number_ = 0;
  std::uint64_t bytes_ = 0;
  log_index apply_wanted_;
};

} // namespace raft
