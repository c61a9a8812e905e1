// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "trace/evidence.hpp"
#include "trace/export_text.hpp"

namespace trace {

/// What led to `witnesses`, which are of `where`: the messages they were done in, the ones those were
/// sent in, and what was done meanwhile. A line an event, in the order of time, at most
/// `slice_lines_max`; the witnesses marked with `>`.
std::string causal_slice(const evidence& where, const event_list& witnesses);
inline constexpr std::size_t slice_lines_max = 60;

/// One event as a line for people: "raft tells node 2 append_entries_reply 105, term 3".
std::string describe(const recording& from, const event& what);

} // namespace trace
