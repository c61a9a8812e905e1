// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "base/tagged.hpp"
#include "base/uuid.hpp"

/// The words of the Raft thesis (Ongaro 2014) as types. Every other layer speaks
/// of the log in these.
namespace raft {

struct term_tag;
struct log_index_tag;
struct server_id_tag;

/// Thesis 3.3. Zero stands before the first election.
using term = base::tagged_position<term_tag>;
/// Thesis 3.5. The first entry has index 1; zero stands before it.
using log_index = base::tagged_position<log_index_tag>;
/// A member's number, given by the operator; zero stands for nobody.
using server_id = base::tagged_id<server_id_tag>;

/// Binds an entry to everything before it: H(previous chain, index, term, kind,
/// hash of the payload), seeded by the cluster id (docs/on_disk.md).
using chain_hash = base::hash128;

/// Which life of a server: a wiped or restored directory is a new one.
using incarnation = base::uuid;

/// One server in one life: what votes, progress and membership are keyed by.
struct server_life {
  server_id id;
  raft::incarnation incarnation;
  friend auto operator<=>(const server_life&, const server_life&) = default;
};

/// Where an entry stands: equal positions hold equal entries (Log Matching, 3.5).
struct entry_id {
  log_index index;
  raft::term term;
  friend auto operator<=>(const entry_id&, const entry_id&) = default;
};

enum class entry_kind : std::uint8_t {
  no_op = 0,      ///< a leader's first entry of its term (thesis 6.4); empty payload
  membership = 1, ///< an encoded `membership`, effective on append (thesis 4.1)
  command = 2,    ///< bytes for the state machine
};

/// Immutable bytes with their hash, computed on the thread that received them.
/// Copies share the bytes.
class payload {
public:
  payload();
  explicit payload(std::string bytes);

  const std::string& bytes() const { return *bytes_; }
  std::size_t size() const { return bytes_->size(); }
  const base::hash128& hash() const { return hash_; }

  friend bool operator==(const payload& left, const payload& right) {
    return left.hash_ == right.hash_ && left.bytes() == right.bytes();
  }

private:
  std::shared_ptr<const std::string> bytes_;
  base::hash128 hash_;
};

/// One entry of the log. `leader_time_ms` (Unix time) and `trace` are for people:
/// they never influence the state.
struct entry {
  entry_id id;
  entry_kind kind = entry_kind::no_op;
  std::uint64_t leader_time_ms = 0;
  base::uuid trace;
  std::uint64_t client_id = 0; ///< reserved for sessions; zero
  std::uint64_t sequence = 0;  ///< reserved for sessions; zero
  raft::payload payload;
  chain_hash chain;

  friend bool operator==(const entry&, const entry&) = default;
};

/// The chain before the first entry of a cluster's log.
chain_hash chain_seed(const base::uuid& cluster_id);

/// The chain at an entry that follows one with chain `previous`.
chain_hash next_chain(const chain_hash& previous, const entry_id& id, entry_kind kind,
                      const base::hash128& payload_hash);

/// Figure 3.1's persistent state besides the log, with the commit index, which is
/// durable here (INV-50). One record: never written in parts.
struct hard_state {
  raft::term current_term;
  server_id voted_for; ///< zero: nobody in `current_term`
  log_index commit_index;
  friend bool operator==(const hard_state&, const hard_state&) = default;
};

/// One server as the configuration knows it.
struct member {
  server_id id;
  raft::incarnation incarnation; ///< nil in a configuration until that life is known
  std::string raft_addr; ///< "host:port" of the peer transport; may be empty for a sole voter
  std::string http_addr; ///< "host:port" for clients; may be empty

  server_life life() const { return {id, incarnation}; }
  /// Whether this is `who`; any life of it, while the configuration knows none.
  bool is(const server_life& who) const {
    return id == who.id && (incarnation.is_nil() || incarnation == who.incarnation);
  }
  friend bool operator==(const member&, const member&) = default;
};

/// Thesis 4. Joint while `outgoing_voters` is not empty: then agreement needs a
/// majority of both sets.
struct membership {
  std::vector<member> voters;
  std::vector<member> outgoing_voters;
  std::vector<member> learners;

  bool is_joint() const { return !outgoing_voters.empty(); }
  bool is_voter(const server_life& who) const;
  bool is_member(const server_life& who) const;
  /// Whether `who` alone is a majority.
  bool is_sole_voter(const server_life& who) const;
  // The same of the server with that number, in whichever life the configuration names.
  bool is_voter(server_id id) const;
  bool is_member(server_id id) const;
  bool is_sole_voter(server_id id) const;
  /// The member with that number: a voter or learner before an outgoing voter, whose life
  /// may be an earlier one. Null: none.
  const member* find(server_id id) const;
  friend bool operator==(const membership&, const membership&) = default;
};

/// A membership entry of the log, decoded.
struct membership_at {
  log_index index;
  raft::membership membership;
  friend bool operator==(const membership_at&, const membership_at&) = default;
};

/// The byte form of a membership entry's payload and of the marks that hold one.
std::string encode(const membership& members);
/// False, and `out` unspecified, unless `bytes` is exactly one encoded membership.
bool decode(std::string_view bytes, membership& out);

/// State at (index, term) that stands for the log up to and including it.
/// At genesis: index 0, term 0, chain `chain_seed(cluster_id)`, no members.
struct snapshot_point {
  entry_id id;
  chain_hash chain;
  raft::membership membership;
  friend bool operator==(const snapshot_point&, const snapshot_point&) = default;
};

/// The first index of each term in the log, ascending: enough to tell the term at
/// any index without holding the entries.
struct term_start {
  log_index first_index;
  raft::term term;
  friend bool operator==(const term_start&, const term_start&) = default;
};

/// Consecutive entries of a log whose records cannot be read; all of them are committed, so
/// that every other server that holds them holds the same ones.
struct damaged_run {
  log_index first;
  log_index last;
  chain_hash chain_before; ///< of the entry before `first`
  friend bool operator==(const damaged_run&, const damaged_run&) = default;
};

/// What a state machine came to: its digest right after the entry at `index` was applied. Equal
/// on all servers that applied the same entries; compared only under one `version` of the
/// computation (two stores, one truth: rule 28).
struct digest_point {
  log_index index;
  std::uint64_t version = 0;
  std::array<std::uint64_t, 4> lanes{};
  friend bool operator==(const digest_point&, const digest_point&) = default;
};

/// Two state machines cannot both be right.
inline bool contradicts(const digest_point& left, const digest_point& right) {
  return left.index == right.index && left.version == right.version && left.lanes != right.lanes;
}

/// This server's state is not the one that a majority of the voters has.
struct state_outvote {
  digest_point own;
  digest_point majority;
  friend bool operator==(const state_outvote&, const state_outvote&) = default;
};

} // namespace raft
