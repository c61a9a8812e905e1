// SPDX-License-Identifier: Apache-2.0
#include "tests/support/linearizability.hpp"

#include <algorithm>
#include <map>

#include "tests/support/register_check.hpp"

namespace linearizability {

namespace {

const char* name_of(operation_outcome outcome) {
  switch (outcome) {
  case operation_outcome::ok: return "ok";
  case operation_outcome::mismatch: return "mismatch";
  case operation_outcome::not_done: return "not done";
  case operation_outcome::unknown: break;
  }
  return "unknown";
}

} // namespace

std::string to_string(const operation& what) {
  auto shown = [](const content& held) { return held.value_or("(absent)"); };
  std::string text = what.kind == operation_kind::get   ? "get "
                     : what.kind == operation_kind::put ? "put "
                                                        : "compare_and_put ";
  text += what.key + "=" + shown(what.value);
  if (what.kind == operation_kind::compare_and_put)
    text += " if " + shown(what.expected);
  if (what.observed)
    text += " (found " + shown(*what.observed) + ")";
  text += " by client " + std::to_string(what.client) + " in [" + std::to_string(what.invoked)
          + ", " + (what.outcome == operation_outcome::unknown ? "" : std::to_string(what.returned))
          + "]: ";
  return text + name_of(what.outcome);
}

judgement judge(const std::vector<operation>& history, const bounds& limits) {
  std::map<std::string, std::vector<const operation*>> by_key;
  for (const auto& each : history) {
    bool is_empty_get = each.kind == operation_kind::get && each.outcome != operation_outcome::ok;
    if (each.outcome != operation_outcome::not_done && !is_empty_get)
      by_key[each.key].push_back(&each);
  }
  judgement all;
  for (auto& [key, operations] : by_key) {
    auto one = register_check(std::move(operations), limits).run();
    all.operations += one.operations;
    all.most_states = std::max(all.most_states, one.most_states);
    if (one.what == verdict::linearizable)
      continue;
    if (all.what == verdict::linearizable || one.what == verdict::violated) {
      all.what = one.what;
      all.why = "key " + key + ": " + one.why;
    }
    if (all.what == verdict::violated)
      break;
  }
  return all;
}

} // namespace linearizability
