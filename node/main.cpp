// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/failpoint.hpp"
#include "base/log.hpp"
#include "node/command_line.hpp"
#include "node/cross_check_child.hpp"
#include "node/exit_status.hpp"
#include "node/logging.hpp"
#include "node/node.hpp"
#include "node/reload.hpp"
#include "node/settings_loader.hpp"
#include "node/settings_print.hpp"
#include "node/signals.hpp"
#include "node/systemd.hpp"
#include "node/versions.hpp"

namespace {

constexpr const char* target = "aspen::node";

void print_problems(const node::setting_problems& problems, const char* kind) {
  for (const auto& each : problems)
    std::fprintf(stderr, "aspen-node: %s%s\n", kind, each.line().c_str());
}

void log_start(const node::loaded_settings& loaded) {
  auto linked = node::linked_versions();
  const auto& cluster = loaded.values.cluster;
  base::log::info(target, "starting",
                  {{"version", linked.aspen},
                   {"commit", linked.commit},
                   {"caf", linked.caf},
                   {"sqlite", linked.sqlite},
                   {"sqlite_wal_reset_bug", linked.sqlite_has_wal_reset_bug},
                   {"lmdb", linked.lmdb},
                   {"httplib", linked.httplib},
                   {"node_id", cluster.node_id},
                   {"data_dir", cluster.data_dir},
                   {"config", loaded.summary()}});
#ifdef ASPEN_FAILPOINTS
  base::log::warn(target, "built with failpoints: for tests, never for data");
#endif
  for (const auto& each : loaded.warnings)
    base::log::warn(target, each.line());
  if (cluster.storage_backend == storage::backend::inmemory)
    base::log::warn(target, "storage_backend is inmemory: nothing survives this process");
}

int status_of(node::exit_reason reason) {
  switch (reason) {
  case node::exit_reason::stopped: return node::exit_status::stopped;
  case node::exit_reason::refused: return node::exit_status::refused;
  case node::exit_reason::hung: return node::exit_status::hung;
  default: return node::exit_status::failed;
  }
}

node::signal_actions actions_on(node::node& running, node::service_notifier& manager,
                                node::reloader& settings) {
  auto stop = [&running, &manager](int number) {
    base::log::info(target, "stopping", {{"signal", number}});
    manager.stopping();
    running.drain();
  };
  auto stop_at_once = [&running](int number) {
    base::log::warn(target, "ending at once", {{"signal", number}});
    running.stop_now();
    ::_exit(node::exit_status::signal_base + number);
  };
  auto hang_up = [&settings] { settings.reload(); };
  auto dump = [&running] { running.dump_trace("signal"); };
  return {stop, stop_at_once, hang_up, dump};
}

int run(const node::loaded_settings& loaded, const node::setting_sources& sources) {
  auto log = node::log_output::open(loaded.values.log);
  if (!log) {
    std::fprintf(stderr, "aspen-node: %s\n", log.error().text.c_str());
    return node::exit_status::failed;
  }
  log_start(loaded);
  auto started = node::node::start(loaded.values, **log);
  if (!started) {
    base::log::error(target, "could not start", {{"error", started.error().text}});
    return node::exit_status::failed;
  }
  auto& running = **started;
  node::service_notifier manager({[&running] { return running.is_live(); },
                                  [&running] { return running.phase() != actors::phase::starting; },
                                  [&running] { return running.status_text(); }});
  node::reloader settings(sources, loaded.values, **log, running);
  node::signal_listener listener(actions_on(running, manager, settings));

  auto reason = running.wait();
  int status = status_of(reason);
  base::log::write(status == 0 ? base::log::level::info : base::log::level::error, target, "ended",
                   {{"status", status}});
  if (reason == node::exit_reason::hung)
    ::_exit(status);
  return status;
}

} // namespace

int main(int count, char** arguments) {
  node::block_signals();
  // Whatever is created from here on, by any library, is for this user alone.
  ::umask(0077);

#ifdef ASPEN_FAILPOINTS
  if (auto armed = base::failpoint::arm_from_environment(); !armed) {
    std::fprintf(stderr, "aspen-node: ASPEN_FAILPOINTS: %s\n", armed.error().text.c_str());
    return node::exit_status::usage;
  }
#endif
  auto asked = node::parse_command_line(count, arguments);
  if (!asked) {
    std::fputs(asked.error().text.c_str(), asked.error().status == 0 ? stdout : stderr);
    return asked.error().status;
  }
  using action = node::command_line::action;
  if (asked->what == action::cross_check_child)
    return node::run_cross_check_child(asked->cross_check_request);
  if (asked->what == action::show_version) {
    std::fputs(to_text(node::linked_versions()).c_str(), stdout);
    return node::exit_status::stopped;
  }
  node::setting_sources sources{asked->config_file, node::aspen_environment(), asked->flags};
  auto loaded = node::load_settings(sources);
  if (!loaded) {
    print_problems(loaded.error(), "");
    return node::exit_status::usage;
  }
  if (asked->what == action::run)
    return run(*loaded, sources);
  print_problems(loaded->warnings, "warning: ");
  std::fputs(asked->what == action::check_config ? "OK\n" : print_settings(*loaded).c_str(),
             stdout);
  return node::exit_status::stopped;
}
