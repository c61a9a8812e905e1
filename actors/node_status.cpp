// SPDX-License-Identifier: Apache-2.0
#include "actors/node_status.hpp"

namespace actors {

std::string_view to_string(phase value) {
  switch (value) {
  case phase::starting: return "starting";
  case phase::running: return "running";
  case phase::refused: return "refused";
  case phase::draining: return "draining";
  }
  return "unknown";
}

std::string_view to_string(child_state value) {
  switch (value) {
  case child_state::stopped: return "stopped";
  case child_state::checking: return "checking";
  case child_state::starting: return "starting";
  case child_state::running: return "running";
  case child_state::stopping: return "stopping";
  case child_state::backing_off: return "backing_off";
  case child_state::refused: return "refused";
  case child_state::broken: return "broken";
  }
  return "unknown";
}

std::string_view to_string(circuit_state value) {
  switch (value) {
  case circuit_state::closed: return "closed";
  case circuit_state::open: return "open";
  case circuit_state::half_open: return "half_open";
  }
  return "unknown";
}

} // namespace actors
