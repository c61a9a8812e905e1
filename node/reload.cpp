// SPDX-License-Identifier: Apache-2.0
#include "node/reload.hpp"

#include "base/log.hpp"
#include "node/setting_assign.hpp"
#include "node/setting_keys.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::node";

} // namespace

void reloader::reload() {
  auto loaded = load_settings(sources_);
  if (!loaded) {
    open_log_file();
    for (const auto& each : loaded.error())
      base::log::error(target, "configuration not reloaded; nothing of it changes",
                       {{"problem", each.line()}});
    return;
  }
  for (const auto& each : loaded->warnings)
    base::log::warn(target, each.line());
  change(loaded->values);
  read_certificates();
}

void reloader::open_log_file() {
  if (auto reopened = log_.reopen(); !reopened)
    base::log::error(target, "log file not reopened", {{"error", reopened.error().text}});
  else
    base::log::info(target, "log file reopened");
}

void reloader::change(const settings& next) {
  if (auto changed = log_.change(next.log); !changed) {
    base::log::error(target, "log file not reopened", {{"error", changed.error().text}});
    base::log::error(target, "configuration not reloaded; nothing of it changes");
    return;
  }
  base::log::info(target, "log file reopened");
  std::size_t changes = 0;
  std::size_t waiting = 0;
  for (const auto& key : all_keys()) {
    auto old_value = print_value(key, in_force_);
    auto new_value = print_value(key, next);
    if (old_value == new_value)
      continue;
    ++(key.is_reloaded ? changes : waiting);
    if (key.is_reloaded)
      base::log::info(target, "setting changed",
                      {{"key", key.full_name()}, {"old", old_value}, {"new", new_value}});
    else
      base::log::warn(
          target, "a setting that cannot change while the node runs keeps its value",
          {{"key", key.full_name()}, {"in_force", old_value}, {"configured", new_value}});
  }
  running_.change(next);
  in_force_.log = next.log;
  in_force_.http.allowed_hosts = next.http.allowed_hosts;
  in_force_.trace.slow_request = next.trace.slow_request;
  base::log::info(target, "configuration reloaded",
                  {{"changed", changes}, {"waiting_for_a_restart", waiting}});
}

void reloader::read_certificates() {
  if (auto reloaded = running_.reload_certificates(); !reloaded)
    base::log::error(target, "certificates not reloaded; those read before stay in force",
                     {{"error", reloaded.error().text}});
  else if (in_force_.security.has_peer_tls())
    base::log::info(target, "certificates reloaded; new links use them");
}

} // namespace node
