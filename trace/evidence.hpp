// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trace/recording.hpp"

namespace trace {

/// Events of one recording, in the order of time. Not owned.
using event_list = std::vector<const recorded_event*>;

/// What one process recorded, prepared for the rules. Events that were recorded while it was read
/// are left out: of those, one may be here and what it came from not.
class evidence {
public:
  explicit evidence(recording what);

  const recording& recorded() const { return recorded_; }
  const std::vector<recorded_event>& events() const { return recorded_.events; }
  const std::string& name_of(name_id id) const { return recorded_.name_of(id); }

  /// The number of a name; zero when nothing here is called so.
  name_id id_of(std::string_view name) const;

  /// Whether whatever was recorded from `time_ns` on, before anything that is here, is here too.
  bool is_whole_since(std::uint64_t time_ns) const { return time_ns > recorded_.whole_since_ns; }

  /// All of that kind about that message.
  event_list find(event_kind kind, std::string_view message) const;

  /// The cluster its core belongs to: "cluster …"; empty when it is not known.
  std::string cluster() const;

private:
  recording recorded_;
};

/// The last of `all` at or before `time_ns`; null: none.
const recorded_event* last_until(const event_list& all, std::uint64_t time_ns);

/// Recordings of one process become one: each event once, whole as far as they overlap.
std::vector<evidence> gather(std::vector<recording> all);

} // namespace trace
