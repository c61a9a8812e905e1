// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "trace/event.hpp"

namespace trace {

/// What an expression is asked about: one event, with what else is known of its message.
struct match_subject {
  std::string_view kind;
  std::string_view actor;
  std::string_view from; ///< who sent the message, or did it
  std::string_view message;
  std::string_view rpc;                  ///< what a peer said in the message, or is told
  std::string_view peer;                 ///< and which one
  std::string trace;                     ///< 32 digits; empty: none
  std::optional<std::uint64_t> queued;   ///< ns in the mailbox, from its receipt on
  std::optional<std::uint64_t> handling; ///< ns, once it was handled
  std::optional<std::uint64_t> took;     ///< ns, of a piece of work or a request
  std::optional<std::uint64_t> waiting;  ///< messages in the mailbox when it was sent
};

/// Why a text is no expression: where (bytes from its beginning), what, and what may stand there.
struct match_error {
  std::size_t position = 0;
  std::string text;
};

/// A condition on events, as `actor~"raft*" && msg==append_entries && handling>5ms`
/// (docs/trace.md has the language). What an event does not have is equal to nothing, and neither
/// below nor above anything. Immutable; any thread.
class match_expression {
public:
  /// Matches everything.
  match_expression() = default;
  /// Of an empty text one that matches everything. At most `match_bytes_max` long, and
  /// `match_depth_max` parentheses and negations deep.
  static tl::expected<match_expression, match_error> parse(std::string_view text);

  bool matches(const match_subject& what) const;

  struct node;

private:
  std::shared_ptr<const node> root_; ///< null: matches everything
};

inline constexpr std::size_t match_bytes_max = 1000;
inline constexpr std::size_t match_depth_max = 32;

/// `*` stands for any text, `?` for any one byte.
bool matches_glob(std::string_view pattern, std::string_view text);

} // namespace trace
