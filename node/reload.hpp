// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node/logging.hpp"
#include "node/node.hpp"
#include "node/settings_loader.hpp"

namespace node {

/// What SIGHUP does: reads again what the start read. Everything is said in the log.
class reloader {
public:
  /// `sources` are what `in_force` was loaded from. Requires: `log` and `running` outlive it.
  reloader(setting_sources sources, const settings& in_force, log_output& log, node& running)
    : sources_(std::move(sources)), in_force_(in_force), log_(log), running_(running) {}

  /// INV-128. The log file is opened anew, whatever the rest says: after `logrotate` the old one is gone.
  /// Then the configuration is read and checked whole; at a fault each problem is named and nothing
  /// changes. Else keys that may change while the node runs (`key_spec::is_reloaded`) do, old and
  /// new value are named; others keep their values, with a warning. Last the certificate files are
  /// read again. One thread at a time.
  void reload();

private:
  void open_log_file();
  void change(const settings& next);
  void read_certificates();

  const setting_sources sources_;
  settings in_force_;
  log_output& log_;
  node& running_;
};

} // namespace node
