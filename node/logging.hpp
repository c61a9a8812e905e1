// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "node/settings.hpp"

namespace node {

/// Where log lines go, which, and in which form: stderr, and `log.file` when there is one. One
/// object for the process's life; lines may come from any thread before, during and after.
class log_output {
public:
  /// Opens the file (created with mode 0600, appended to) and hands everything to
  /// `base::log`. Requires: `chosen.filter` is a good filter. Errors: `io` naming the file.
  static base::result<std::unique_ptr<log_output>> open(const log_settings& chosen);

  /// Begins the file anew, as after `logrotate` renamed it. When it cannot be opened,
  /// lines go on into the old one and the error says why. Any thread.
  base::status reopen();

  /// From here on as `next` says, with its file opened anew. A filter that was set by `set_filter`
  /// stays, unless `next` has another than was configured. When the file cannot be opened nothing
  /// changes and the error says why. Requires: `next.filter` is a good filter. Any thread.
  base::status change(const log_settings& next);

  /// Another filter than the configured one, until `reset_filter`, a `change` of it or the end of
  /// the process. Logs the old one and the new one. Errors: `invalid`. Any thread.
  base::status set_filter(std::string_view directives);
  /// The configured filter again. Any thread.
  void reset_filter();

  std::string filter() const;            ///< in force; any thread
  std::string configured_filter() const; ///< any thread

  ~log_output();
  log_output(const log_output&) = delete;
  log_output& operator=(const log_output&) = delete;

private:
  class sinks;
  log_output(const log_settings& chosen, std::shared_ptr<sinks> where);
  void put_in_force(const std::string& filter);

  const std::shared_ptr<sinks> where_;
  mutable std::mutex mutex_;
  log_settings configured_;
  std::string filter_; ///< in force
};

} // namespace node
