// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace node {

/// What the service manager is told about, asked once a second from its own thread.
struct watched_node {
  std::function<bool()> is_live;            ///< what `/livez` says
  std::function<bool()> is_started;         ///< runs, or was refused and says so
  std::function<std::string()> status_text; ///< one line
};

/// Speaks sd_notify(3) for as long as it lives: STATUS when it changes, READY once the
/// node is started, more time for the start until then, and WATCHDOG only while the
/// node is live, so that the manager restarts one that hangs (INV-123). Without
/// $NOTIFY_SOCKET it does nothing and costs nothing.
class service_notifier {
public:
  explicit service_notifier(watched_node watched);
  ~service_notifier();
  service_notifier(const service_notifier&) = delete;
  service_notifier& operator=(const service_notifier&) = delete;

  /// STOPPING. Any thread.
  void stopping();

private:
  class speaker;
  std::unique_ptr<speaker> speaker_; ///< null without a service manager
};

} // namespace node
