// SPDX-License-Identifier: Apache-2.0
#include "trace/match.hpp"

#include <algorithm>
#include <array>

#include "trace/match_node.hpp"

namespace trace {

namespace {

using node = match_expression::node;

bool compare_text(const node& with, std::string_view text) {
  switch (with.how) {
  case comparison::equal: return text == with.text;
  case comparison::unequal: return text != with.text;
  case comparison::like: return matches_glob(with.text, text);
  default: return !matches_glob(with.text, text);
  }
}

bool compare_number(const node& with, const std::optional<std::uint64_t>& number) {
  if (!number)
    return with.how == comparison::unequal;
  switch (with.how) {
  case comparison::equal: return *number == with.number;
  case comparison::unequal: return *number != with.number;
  case comparison::below: return *number < with.number;
  case comparison::at_most: return *number <= with.number;
  case comparison::above: return *number > with.number;
  default: return *number >= with.number;
  }
}

bool is_negative(comparison how) {
  return how == comparison::unequal || how == comparison::unlike;
}

bool compare(const node& with, const match_subject& what) {
  const auto& field = *with.field;
  if (field.number)
    return compare_number(with, what.*field.number);
  if (field.owned_text)
    return compare_text(with, what.*field.owned_text);
  if (field.text != &match_subject::message)
    return compare_text(with, what.*field.text);
  // What a peer said is as good a name as that of the message which brought it.
  bool by_type = compare_text(with, what.message);
  if (what.rpc.empty())
    return by_type;
  bool by_rpc = compare_text(with, what.rpc);
  return is_negative(with.how) ? by_type && by_rpc : by_type || by_rpc;
}

bool holds(const node& which, const match_subject& what) {
  auto part_holds = [&](const auto& part) { return holds(*part, what); };
  switch (which.what) {
  case node::kind::all: return std::ranges::all_of(which.parts, part_holds);
  case node::kind::any: return std::ranges::any_of(which.parts, part_holds);
  case node::kind::none: return !holds(*which.parts.front(), what);
  case node::kind::compare: break;
  }
  return compare(which, what);
}

} // namespace

std::span<const match_field> match_fields() {
  using subject = match_subject;
  static constexpr std::array fields{
      match_field{"actor", &subject::actor, nullptr, nullptr, false},
      match_field{"from", &subject::from, nullptr, nullptr, false},
      match_field{"msg", &subject::message, nullptr, nullptr, false},
      match_field{"kind", &subject::kind, nullptr, nullptr, false},
      match_field{"peer", &subject::peer, nullptr, nullptr, false},
      match_field{"trace", nullptr, &subject::trace, nullptr, false},
      match_field{"handling", nullptr, nullptr, &subject::handling, true},
      match_field{"queued", nullptr, nullptr, &subject::queued, true},
      match_field{"took", nullptr, nullptr, &subject::took, true},
      match_field{"waiting", nullptr, nullptr, &subject::waiting, false}};
  return fields;
}

bool match_expression::matches(const match_subject& what) const {
  return !root_ || holds(*root_, what);
}

bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t seen = 0;
  auto star = std::string_view::npos; // the last one, and how much text it took so far
  std::size_t taken = 0;
  while (seen < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      taken = seen;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[seen])) {
      ++at;
      ++seen;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      seen = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

} // namespace trace
