// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "storage/cross_check.hpp"

namespace storage {

/// Collects findings and what they add up to.
class judgement {
public:
  /// Notes a rule that was looked at. When it does not hold, the verdict is at least
  /// `otherwise`.
  void rule(const char* number, bool holds, std::string text, verdict otherwise = verdict::refuse);
  /// A healthy state of affairs that calls for a verdict other than `ok`.
  void note(const char* number, std::string text, verdict calls_for = verdict::ok);

  /// What was found counts as `verdict` after all; the findings stay as they are.
  void count_as(verdict verdict) { worst_ = verdict; }

  bool holds(const char* number) const;
  /// Whether every violated rule is one of `numbers`.
  bool violates_only(std::initializer_list<std::string_view> numbers) const;
  verdict worst() const { return worst_; }
  /// The violated ones first; among them the one about `last_applied` and `committed`.
  std::vector<rule_finding> take_findings();

private:
  std::vector<rule_finding> findings_;
  verdict worst_ = verdict::ok;
};

/// A store that could not be read: later (INV-84), never with this program (INV-72), or
/// damaged (`damage_rule`).
void judge_failure(const char* damage_rule, const base::error& failure, judgement& out);

/// Whether the same call may succeed when it is made again.
bool is_worth_retrying(base::errc code);

std::string text_of(raft::log_index index);
std::string text_of(const raft::entry_id& id, const raft::chain_hash& chain);

} // namespace storage
