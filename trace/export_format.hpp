// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "trace/recording.hpp"

namespace trace {

/// A form in which a recording can be had.
struct export_format {
  std::string_view name;
  std::string_view content_type;
  /// It tells of one trace, and needs to know which; the others tell of a whole recording, too.
  bool is_of_one_trace;
  /// `trace` is nil where the whole of `what` is told; else `what` holds it, and may hold more.
  std::string (*write)(const recording& what, const base::uuid& trace);
};

std::span<const export_format> export_formats();

/// Null for an unknown name.
const export_format* find_export_format(std::string_view name);

/// Why `name` is no format that can be written (for a trace, where there is one), for a person;
/// empty when it is one.
std::string why_no_format(std::string_view name, bool has_trace);

} // namespace trace
