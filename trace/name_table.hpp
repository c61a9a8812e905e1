// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "trace/event.hpp"
#include "trace/ring_layout.hpp"

namespace trace {

/// Gives names numbers, and writes them into the ring, so that a recording explains
/// itself. Names are added, never changed. Any thread.
class name_table {
public:
  /// What a name becomes when there is no room for it.
  static constexpr std::string_view overflow_name = "(others)";

  /// Requires: `place` outlives the table, and its names are unused.
  explicit name_table(layout::header& place);

  /// The number of `name`, which is cut to 255 bytes; a new one where it has none. Takes a
  /// lock: ask once and keep the answer.
  name_id id_of(std::string_view name);

private:
  name_id add(std::string_view name);

  std::mutex mutex_;
  layout::header& place_;
  std::map<std::string, name_id, std::less<>> known_;
};

/// All names in a ring's header, by their numbers; the first is empty, for "nobody". What
/// is damaged is left out. Safe beside a writer.
std::vector<std::string> read_names(const layout::header& place);

} // namespace trace
