// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/child_process.hpp"
#include "supervisor/gate.hpp"

namespace supervisor {

struct process_gate_settings {
  /// The validator: this program itself, which opens both stores read-only, prints the
  /// report as JSON (`storage::to_json`) to stdout and exits 0, whatever the verdict.
  std::string program = "/proc/self/exe";
  /// The validator's arguments; called on the thread that starts the check.
  std::function<std::vector<std::string>(check_scope)> arguments;
  process_limits limits;
};

/// Looks at the stores in a child process, because a damaged store can end the process
/// that reads it. Awaited on a thread of its own; the caller never waits.
class process_gate final : public gate {
public:
  explicit process_gate(process_gate_settings settings);

  void start(check_scope scope, on_checked done) override;
  void cancel() override;

private:
  process_gate_settings settings_;
  std::shared_ptr<std::atomic<bool>> is_cancelled_ = std::make_shared<std::atomic<bool>>(false);
};

/// What the end of a validator means. A report counts as it stands. Without one the stores
/// are not known to be good, which is a refusal (INV-105), except where the end says
/// nothing about them: ended from outside (SIGTERM, SIGKILL, …), cancelled, or too few
/// resources to start. Those are tried again, and nothing runs until then.
storage::check_report judge(const process_outcome& outcome, const process_limits& limits);

} // namespace supervisor
