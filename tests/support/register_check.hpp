// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>
#include <vector>

#include "tests/support/linearizability.hpp"

namespace linearizability {

/// The register of one key. Requires: `history` is of one key, without operations that
/// surely had no effect, and outlives this.
class register_check {
public:
  register_check(std::vector<const operation*> history, const bounds& limits);

  /// Once.
  judgement run();

private:
  static constexpr std::size_t slots_max = 256;
  using slot_set = std::bitset<slots_max>;
  using state_number = std::uint32_t;

  /// One way in which the past may have happened: what the key holds now, and which of the
  /// operations under way have had their effect.
  struct configuration {
    slot_set done;
    state_number state = 0;
    friend bool operator==(const configuration&, const configuration&) = default;
  };
  struct hash_of_configuration {
    std::size_t operator()(const configuration& what) const noexcept {
      return std::hash<slot_set>{}(what.done) * 0x9e3779b97f4a7c15u + what.state;
    }
  };
  using configurations = std::unordered_set<configuration, hash_of_configuration>;

  /// An operation with its contents as numbers.
  struct step {
    const operation* what = nullptr;
    state_number value = 0;
    state_number expected = 0;
    std::optional<state_number> observed;
    /// A put whose value nobody speaks of: hidden by whatever is written right after it.
    bool is_quiet = false;

    bool writes() const;
    bool is_blind_mismatch() const;
    /// Whether it may happen in `state`. Requires: it writes nothing.
    bool agrees_with(state_number state) const;
  };
  struct moment {
    std::uint64_t time;
    bool is_return;
    std::size_t index;
  };

  state_number number_of(const content& what);
  void number_contents();
  void drop_what_cannot_matter();
  std::vector<moment> moments() const;
  bool on_call(std::size_t index);
  bool on_return(std::size_t index);
  void take_at_once(std::size_t slot);
  template <class Visitor>
  void for_each_waiting(const configuration& in, Visitor&& visit) const;
  configuration after_write(const configuration& in, std::size_t slot) const;
  bool may_write(const configuration& in, const step& write) const;
  void forget(std::size_t slot);
  void forget_what_surely_happened();
  bool give_up(const char* why);
  bool refuse(const step& culprit);

  bounds limits_;
  std::vector<const operation*> history_;
  std::map<content, state_number> numbers_;
  std::set<state_number> spoken_of_; ///< by gets, conditions and mismatches
  std::vector<step> steps_;
  configurations possible_;
  slot_set under_way_;
  std::size_t in_slot_[slots_max] = {};
  std::map<std::size_t, std::size_t> slot_of_;
  judgement result_;
};

} // namespace linearizability
