// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "trace/export_text.hpp"
#include "trace/recording.hpp"

namespace trace {

/// Writes events of one recording as JSON objects; `to_ndjson` says what is in them.
class event_writer {
public:
  explicit event_writer(const recording& from) : from_(from), names_(json_names(from)) {}

  void write(std::string& out, const recorded_event& what);

private:
  const recording& from_;
  const std::vector<std::string> names_;
  clock_text clock_;
};

} // namespace trace
