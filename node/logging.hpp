// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/result.hpp"
#include "node/settings.hpp"

namespace node {

/// Where log lines go: stderr, and `log.file` when there is one. One object for the
/// process's life; lines may come from any thread before, during and after.
class log_output {
public:
  /// Opens the file (created with mode 0600, appended to) and hands everything to
  /// `base::log`. Requires: `chosen.filter` is a good filter. Errors: `io` naming the file.
  static base::result<std::unique_ptr<log_output>> open(const log_settings& chosen);

  /// Begins the file anew, as after `logrotate` renamed it. When it cannot be opened,
  /// lines go on into the old one and the error says why. Any thread.
  base::status reopen();

  ~log_output();
  log_output(const log_output&) = delete;
  log_output& operator=(const log_output&) = delete;

private:
  class sinks;
  explicit log_output(std::shared_ptr<sinks> where);
  std::shared_ptr<sinks> where_;
};

} // namespace node
