// SPDX-License-Identifier: Apache-2.0
#include "storage/judgement.hpp"

#include <algorithm>

namespace storage {

using base::errc;

namespace {

/// The rule whose sentence operators look for comes before all others.
constexpr auto first_rule = "INV-75";

int severity(verdict value) {
  switch (value) {
  case verdict::ok: return 0;
  case verdict::rebuild: return 1;
  case verdict::retry: return 2;
  case verdict::refuse: return 3;
  }
  return 3;
}

} // namespace

void judgement::rule(const char* number, bool holds, std::string text, verdict otherwise) {
  findings_.push_back({number, std::move(text), !holds});
  if (!holds && severity(otherwise) > severity(worst_))
    worst_ = otherwise;
}

void judgement::note(const char* number, std::string text, verdict calls_for) {
  findings_.push_back({number, std::move(text), false});
  if (severity(calls_for) > severity(worst_))
    worst_ = calls_for;
}

bool judgement::holds(const char* number) const {
  return std::none_of(findings_.begin(), findings_.end(),
                      [&](const auto& one) { return one.is_violated && one.rule == number; });
}

bool judgement::violates_only(std::initializer_list<std::string_view> numbers) const {
  return std::all_of(findings_.begin(), findings_.end(), [&](const auto& one) {
    return !one.is_violated || std::find(numbers.begin(), numbers.end(), one.rule) != numbers.end();
  });
}

std::vector<rule_finding> judgement::take_findings() {
  auto rank = [](const rule_finding& one) {
    return one.is_violated ? (one.rule == first_rule ? 0 : 1) : 2;
  };
  std::stable_sort(findings_.begin(), findings_.end(),
                   [&](const auto& left, const auto& right) { return rank(left) < rank(right); });
  return std::move(findings_);
}

void judge_failure(const char* damage_rule, const base::error& failure, judgement& out) {
  if (is_worth_retrying(failure.code))
    return out.rule("INV-84", false, base::to_string(failure), verdict::retry);
  if (failure.code == errc::incompatible)
    return out.rule("INV-72", false, failure.text);
  out.rule(damage_rule, false, base::to_string(failure));
}

bool is_worth_retrying(errc code) {
  switch (code) {
  case errc::busy:
  case errc::locked:
  case errc::resource:
  case errc::storage_full:
  case errc::timeout:
  case errc::interrupted: return true;
  default: return false;
  }
}

std::string text_of(raft::log_index index) {
  return std::to_string(index.value);
}

std::string text_of(const raft::entry_id& id, const raft::chain_hash& chain) {
  return "index " + text_of(id.index) + ", term " + std::to_string(id.term.value) + ", chain "
         + base::to_hex(chain);
}

} // namespace storage
