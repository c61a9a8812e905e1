// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "actors/client_requests.hpp"
#include "http/reply.hpp"
#include "http/request_head.hpp"

namespace http {

/// One member of an `If-Match` or `If-None-Match` list.
struct entity_tag {
  bool is_weak = false;
  std::string opaque; ///< without its quotes
};

/// RFC 9110, 8.8.3 and 13.1: `*`, or tags.
struct tag_list {
  bool is_any = false;
  std::vector<entity_tag> tags;

  /// Strong: byte for byte, and neither weak. Weak: byte for byte. No row: nothing matches,
  /// `*` included.
  bool matches_strongly(storage::revision current) const;
  bool matches_weakly(storage::revision current) const;
};

/// False for what is no such list.
bool parse_tags(std::string_view text, tag_list& into);

/// The tag of a row: its last revision, quoted.
std::string to_tag(storage::revision current);

/// What the conditional fields of a write ask of its row. A well-formed tag that was never
/// one of ours matches no row, so that the write fails with 412 and the current revision;
/// what cannot be expressed (a list, a negated tag, both fields) is refused.
tl::expected<storage::precondition, refusal> write_precondition(const request_head& head);

/// A read's conditional fields against the row that was found (revision zero for none):
/// 412, 304, or 200 to go on.
tl::expected<int, refusal> read_precondition(const request_head& head, storage::revision current);

} // namespace http
