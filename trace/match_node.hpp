// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "trace/match.hpp"

/// The inside of an expression, for match.cpp and match_parser.cpp alone.
namespace trace {

enum class comparison { equal, unequal, like, unlike, below, at_most, above, at_least };

/// A name that may stand on the left of a comparison: with a text, or with a number.
struct match_field {
  std::string_view name;
  std::string_view match_subject::* text = nullptr;
  std::string match_subject::* owned_text = nullptr;
  std::optional<std::uint64_t> match_subject::* number = nullptr;
  bool is_duration = false; ///< of a number: it is written with a unit

  bool is_text() const { return number == nullptr; }
};

std::span<const match_field> match_fields();

struct match_expression::node {
  enum class kind { all, any, none, compare };
  kind what = kind::compare;
  std::vector<std::shared_ptr<const node>> parts; ///< of all, any, and the one of none
  // Of a comparison:
  const match_field* field = nullptr;
  comparison how = comparison::equal;
  std::string text;
  std::uint64_t number = 0;
};

} // namespace trace
