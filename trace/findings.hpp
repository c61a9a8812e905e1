// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "trace/causal_slice.hpp"
#include "trace/checker.hpp"
#include "trace/evidence.hpp"

namespace trace {

/// What one rule came to, into the report.
class findings {
public:
  findings(rule which, check_report& into) : which_(which), into_(into) {}

  void held() { ++into_.of(which_).held; }
  void unjudged() { ++into_.of(which_).unjudged; }
  /// `witnesses` are of `where`: what contradicts the rule, at least one.
  void broken(std::string text, const evidence& where, const event_list& witnesses) {
    ++into_.of(which_).broken;
    if (into_.violations.size() < violations_max)
      into_.violations.push_back(
          {which_, where.recorded().node_id, std::move(text), causal_slice(where, witnesses)});
  }
  /// A contradiction where all is here that could explain it.
  void judge(bool is_sure, std::string text, const evidence& where, const event_list& witnesses) {
    is_sure ? broken(std::move(text), where, witnesses) : unjudged();
  }

private:
  rule which_;
  check_report& into_;
};

} // namespace trace
