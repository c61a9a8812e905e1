// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/health.hpp"

/// What an operator has to know or do something about, by name, since when, and what ends
/// it. Alarms tell no more than the checks of `/health` do; they tell it one by one.
namespace http {

/// Every alarm there is, as `aspen_alarm` lists them.
inline constexpr std::array<std::string_view, 15> alarm_names{
    "disk_full",      "disk_space",        "wal_large",     "foreign_lock", "storage_mismatch",
    "refused",        "state_outvoted",    "state_differs", "log_damaged",  "circuit_open",
    "child_restarts", "raft_unresponsive", "no_leader",     "peer_lost",    "state_lost"};

struct alarm {
  std::string_view name; ///< of `alarm_names`
  check_status severity = check_status::warning;
  std::string message;
  std::string_view clears; ///< what ends it; literal
};

/// What is the matter now, in the order of `alarm_names`. Pure.
std::vector<alarm> find_alarms(const health_input& input, const health_report& report);

/// An alarm and when it was first seen.
struct standing_alarm {
  http::alarm alarm;
  std::chrono::system_clock::time_point since;
};

/// Remembers since when each alarm stands. One thread.
class alarm_book {
public:
  struct change {
    standing_alarm what;
    bool is_raised = false; ///< else it was cleared
  };
  /// `now_found` is all there is at `now`; what came and what went.
  std::vector<change> update(std::vector<alarm> now_found,
                             std::chrono::system_clock::time_point now);
  const std::vector<standing_alarm>& standing() const { return standing_; }

private:
  std::vector<standing_alarm> standing_;
};

} // namespace http
