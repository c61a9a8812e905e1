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

std::string describe(const snapshot_received_status& what) {
  using stage = snapshot_received_status::stage;
  constexpr std::uint64_t mebibyte = 1024 * 1024;
  auto which = "a snapshot at index " + std::to_string(what.index.value) + " from node "
               + std::to_string(what.from.value);
  switch (what.at) {
  case stage::none: return {};
  case stage::receiving:
    return "receiving " + which + ": " + std::to_string(what.bytes_received / mebibyte) + " of "
           + std::to_string(what.bytes_total / mebibyte) + " MiB";
  case stage::verifying: return "verifying " + which;
  case stage::installing: return "installing " + which;
  }
  return {};
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

void status_board::suspect(std::string text) {
  auto found = std::make_shared<const storage_suspicion>(
      storage_suspicion{std::move(text), std::chrono::system_clock::now()});
  std::lock_guard guard(mutex_);
  ++suspicions_;
  auto& standing = std::get<std::shared_ptr<const storage_suspicion>>(statuses_);
  if (!standing)
    standing = std::move(found);
}

} // namespace actors
