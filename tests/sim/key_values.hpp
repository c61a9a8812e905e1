// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "raft/types.hpp"

namespace sim {

inline constexpr std::size_t keys_max = 8;

/// Smaller than the node's, so that short lives meet it.
inline constexpr std::uint64_t digest_interval = 64;

/// What clients replicate. A value is a number that is written once in a simulation; zero
/// stands for an absent key.
struct command {
  std::uint64_t operation = 0; ///< the client's, never used twice
  std::uint32_t key = 0;       ///< below `keys_max`
  bool is_conditional = false;
  std::uint64_t value = 0;
  std::uint64_t expected = 0; ///< of a conditional write
};

raft::payload encode(const command& what);
/// Requires: `encode` made it.
command decode(const raft::payload& bytes);

/// What applying a command did.
struct effect {
  std::uint64_t operation = 0; ///< zero: the entry was no command
  bool is_done = false;
  std::uint64_t found = 0; ///< before it
};

/// The state machine of the simulation: the values with the bookkeeping that changes
/// together with them (two stores, one truth: rule 2). A value: copies are snapshots.
class key_values {
public:
  explicit key_values(const raft::chain_hash& seed) : chain_(seed) {}

  const raft::entry_id& last_applied() const { return last_applied_; }
  const raft::chain_hash& chain() const { return chain_; }
  const raft::membership& membership() const { return membership_; }
  std::uint64_t value_of(std::size_t key) const { return cells_[key].value; }
  /// A function of everything above: equal states have equal digests.
  std::uint64_t digest() const;
  /// The digest right after the newest entry whose index is a multiple of `digest_interval`.
  const std::optional<raft::digest_point>& recorded_digest() const { return recorded_digest_; }

  /// Requires: it follows `last_applied` (INV-51, INV-52); throws otherwise.
  effect apply(const raft::entry& next);
  /// For planted bugs alone: pretends that less or more was applied.
  void pretend_applied(const raft::entry_id& last, const raft::chain_hash& chain);
  /// For planted bugs alone.
  void forget_membership() { take_membership({}); }

private:
  struct cell {
    std::uint64_t value = 0;
    std::uint64_t revision = 0;
    std::uint64_t version = 0;
  };

  effect take(const raft::entry& next);
  void take_membership(raft::membership members);

  std::array<cell, keys_max> cells_{};
  raft::entry_id last_applied_;
  raft::chain_hash chain_;
  raft::membership membership_;
  std::uint64_t membership_digest_ = 0;
  std::optional<raft::digest_point> recorded_digest_;
};

} // namespace sim
