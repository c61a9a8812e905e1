// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "trace/event.hpp"
#include "trace/ring_layout.hpp"

namespace trace {

/// How the process of a recording ended: zero while it runs or when it was killed, the
/// number of a signal, or this.
inline constexpr std::uint64_t ended_in_order = 1000;

/// Where recordings of several processes are merged, which of them, counted from one, stands above
/// so many bits of the numbers of messages and threads.
inline constexpr int merged_number_bits = 48;
/// No bound on what is read.
inline constexpr std::size_t all_events = static_cast<std::size_t>(-1);

struct recorded_event {
  trace::event event;
  std::uint64_t thread = 0; ///< the kernel's number

  friend bool operator==(const recorded_event&, const recorded_event&) = default;
};

/// What was read from a ring, at one moment or after its process.
struct recording {
  std::uint64_t node_id = 0;
  std::uint64_t process_id = 0;
  base::uuid boot;
  std::uint64_t ended = 0;
  std::uint64_t steady_ns = 0; ///< at the same moment as `unix_ns`
  std::uint64_t unix_ns = 0;
  /// Nothing is missing that was recorded after the first and before the second (steady clock),
  /// and was there before something else that stands here.
  std::uint64_t whole_since_ns = 0;
  std::uint64_t whole_until_ns = std::numeric_limits<std::uint64_t>::max();
  std::string reason;                 ///< why it was kept; empty: it is no dump, or nobody said
  bool is_cut = false;                ///< there were older events, beyond the bound of the reading
  std::vector<std::string> names;     ///< by `name_id`; the first is empty
  std::vector<recorded_event> events; ///< in the order of time
  /// Of a recording that was merged from several nodes' (trace/merge.hpp): the positions of events
  /// in which one server hears another, with those in which it was said.
  std::map<std::size_t, std::size_t> heard_from;

  /// Of an event of this recording; "?" for a number without a name.
  const std::string& name_of(name_id id) const;
  /// Nanoseconds since 1970 of a steady time.
  std::uint64_t unix_time_of(std::uint64_t steady_time_ns) const {
    return unix_ns + (steady_time_ns - steady_ns);
  }
};

/// Reads a ring that may be written meanwhile: events that are overwritten while they are
/// read are left out, whole events only; those from `since_ns` on, of them the newest `events_max`, at least one.
/// Requires: `chunks` are as many as `place` says.
recording read_ring(const layout::header& place, const layout::chunk* chunks,
                    std::uint64_t since_ns, std::size_t events_max);
/// What the head of a ring's file says, without its events and names. Errors: as of `read_ring_file`.
base::result<recording> read_ring_head(const std::string& path);

/// Reads the ring that a process left in a file, or still writes there, whatever became of the
/// process. Errors: `io`, `not_found`; `incompatible` for a file that is none, or of another
/// version; `corrupt` for one whose size is not the one it states.
base::result<recording> read_ring_file(const std::string& path);

/// The same of the bytes of such a file.
base::result<recording> read_ring_bytes(std::string_view bytes);

} // namespace trace
