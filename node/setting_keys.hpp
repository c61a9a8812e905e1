// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "node/settings.hpp"

/// The one table of what can be configured. Reading files, environment and flags,
/// printing, the commented example and the suggestions for misspelt keys all follow it.
namespace node {

/// How a member of `settings` is reached: `[](settings& s) -> auto& { return s.a.b; }`.
/// The member's type is the key's type.
template <class Value>
using member_of = Value& (*)(settings&);

/// A member that is one of a few names, by its position among `key_spec::choices`.
struct choice_member {
  std::size_t (*get)(const settings&);
  void (*set)(settings&, std::size_t);
};

using setting_member =
    std::variant<member_of<bool>, member_of<std::uint64_t>, member_of<std::string>,
                 member_of<byte_size>, member_of<std::chrono::milliseconds>, member_of<endpoint>,
                 member_of<std::optional<daily_window>>, member_of<std::vector<std::string>>,
                 choice_member>;

/// Least and greatest allowed value, both included, in the member's own unit (bytes,
/// milliseconds, or a count). Ignored for members that have no order.
struct value_range {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

/// Checks what the member's type does not: an element of a list, a filter's grammar.
using value_check = base::status (*)(std::string_view text);

struct key_spec {
  std::string_view section;
  std::string_view name;
  setting_member member;
  /// As in a file, without quotes; `{node_id}` and `{data_dir}` stand for those values.
  std::string_view default_text;
  value_range range;
  std::string_view help; ///< what it does, in one or two sentences
  std::vector<std::string_view> choices;
  value_check check = nullptr;
  bool is_megabytes = false; ///< a bare number counts MB (2^20 bytes): `_mb` keys
  bool is_secret = false;    ///< never printed
  bool is_reloaded = false;  ///< SIGHUP changes it while the node runs (node/reload.hpp)

  /// "cluster.node_id".
  std::string full_name() const;
  /// "ASPEN_NODE_ID" for [cluster], "ASPEN_HTTP_WORKERS" elsewhere.
  std::string environment_name() const;
  /// What may stand there, for an error or a comment: "1 to 128", "stay or exit".
  std::string allowed() const;
};

/// Every key, by section, in the order in which they are printed.
std::span<const key_spec> all_keys();

/// The sections that exist, including those without a key.
std::span<const std::string_view> all_sections();

/// The key of that section and name; null when there is none.
const key_spec* find_key(std::string_view section, std::string_view name);

/// Of `candidates` the one that `wrong` was most likely meant to be: the smallest edit
/// distance, at most a third of the longer word. Empty when none is near.
std::string nearest(std::string_view wrong, std::span<const std::string> candidates);

} // namespace node
