// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
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

  /// The number of a text that is not one of a few, as the reason of an end: cut to 120 bytes, and all
  /// such texts together take no more than `texts_bytes_max`, so that names always find room; what
  /// is beyond is `overflow_name` and counted.
  name_id id_of_text(std::string_view text);
  static constexpr std::size_t texts_bytes_max = std::size_t{8} * 1024;
  /// How often a text was left out for want of room.
  std::uint64_t texts_left_out() const { return texts_left_out_.load(std::memory_order_relaxed); }

private:
  name_id add(std::string_view name);

  std::mutex mutex_;
  layout::header& place_;
  std::map<std::string, name_id, std::less<>> known_;
  std::size_t texts_bytes_ = 0;
  std::atomic<std::uint64_t> texts_left_out_{0};
};

/// All names in a ring's header, by their numbers; the first is empty, for "nobody". What
/// is damaged is left out. Safe beside a writer.
std::vector<std::string> read_names(const layout::header& place);

} // namespace trace
