// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "tests/support/linearizability.hpp"

namespace linearizability {

/// A history, one JSON object a line; empty lines are skipped. Members:
///
///     client    number
///     key       text
///     op        "get", "put", "delete" or "compare_and_put"
///     value     text, or null for absent: written, or seen by a get
///     expected  text or null, of a compare_and_put
///     observed  text or null, optional: what a mismatch found
///     outcome   "ok", "mismatch", "not_done" or "unknown"
///     invoked, returned  numbers; the second is optional when the outcome is unknown
///
/// Errors: `invalid`, naming the line.
base::result<std::vector<operation>> read_history(std::istream& in);

/// One line of it, without the line's end.
std::string to_json(const operation& what);

} // namespace linearizability
