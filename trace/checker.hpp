// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trace/recording.hpp"

/// What recordings prove: the rules of the actors' conversation and of the protocol, held against
/// what was recorded (INV-149). Pure. A rule is broken only by what is there, never by what may have
/// been overwritten: that is counted as not judged.
namespace trace {

enum class rule : std::uint8_t {
  sender_order, ///< one sender's messages are handled in the order they were sent
  exit,         ///< no message is handled after its actor's exit
  request,      ///< every request is answered, or times out, exactly once
  leader,       ///< one leader a term, over all nodes
  reply,        ///< votes and acknowledgements leave after the sync they speak of
  commit,       ///< what is committed is durable on a quorum, as far as its leader heard
  applied,      ///< what is applied was committed, durably, before
  checkpoint    ///< one checkpointer at a time
};
inline constexpr std::size_t rule_count = 8;

/// As on the command line's table and in JSON: "sender_order".
std::string_view to_string(rule which);
/// In a sentence.
std::string_view sentence_of(rule which);

struct rule_result {
  std::uint64_t held = 0;
  std::uint64_t broken = 0;
  std::uint64_t unjudged = 0; ///< what it takes to judge was overwritten, or not recorded yet

  /// Nothing was seen that it is about: it neither holds nor is broken.
  bool saw_nothing() const { return held + broken + unjudged == 0; }
};

struct violation {
  rule which;
  std::uint64_t node_id = 0;
  std::string text;
  std::string slice; ///< the events that led to it, a line each; those that contradict marked `>`
};

/// What there was to be checked of one process.
struct checked_process {
  std::uint64_t node_id = 0;
  std::uint64_t process_id = 0;
  std::uint64_t events = 0;
  std::uint64_t first_unix_ns = 0;
  std::uint64_t last_unix_ns = 0;
  std::uint64_t whole_since_unix_ns = 0; ///< zero: from its beginning
  bool has_whole_part = true;
};

struct check_report {
  std::vector<checked_process> processes;
  std::array<rule_result, rule_count> rules{};
  std::vector<violation> violations; ///< the first `violations_max`

  const rule_result& of(rule which) const { return rules[static_cast<std::size_t>(which)]; }
  rule_result& of(rule which) { return rules[static_cast<std::size_t>(which)]; }
  bool is_broken() const { return !violations.empty(); }
};
inline constexpr std::size_t violations_max = 20;

/// Requires: all are of one cluster, or of any number of clusters that the recordings name.
/// Several recordings of one process are taken together.
check_report check(std::vector<recording> all);

/// A table of the rules and what was seen of each, then the violations with their slices.
std::string to_text(const check_report& what);
std::string to_json(const check_report& what);

} // namespace trace
