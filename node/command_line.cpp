// SPDX-License-Identifier: Apache-2.0
#include "node/command_line.hpp"

#include <array>
#include <string_view>

#include <CLI/CLI.hpp>

#include "node/exit_status.hpp"

namespace node {

namespace {

/// A flag whose value is the value of a key.
struct setting_flag {
  const char* flag;
  const char* key;
  const char* value_name;
  const char* help;
};

constexpr std::array<setting_flag, 6> setting_flags{{
    {"--node-id", "cluster.node_id", "N", "number of this node"},
    {"--data-dir", "cluster.data_dir", "DIRECTORY", "where this node keeps everything"},
    {"--http-addr", "cluster.http_addr", "HOST:PORT", "where clients are served"},
    {"--admin-addr", "cluster.admin_addr", "HOST:PORT", "where probes and operators are served"},
    {"--raft-addr", "cluster.raft_addr", "HOST:PORT", "where other nodes reach this one"},
    {"--join", "cluster.join", "HTTP_ADDR", "any node of a cluster to join"},
}};

constexpr const char* footer =
    "Without arguments: a single node on 127.0.0.1:8080 (admin 127.0.0.1:8081), data in "
    "./data/node-1.\n"
    "Values come from the command line, else from ASPEN_* variables, else from the file, else "
    "they\n"
    "are defaults; --print-config shows which. Signals: TERM or INT stops in order, a second one "
    "at\n"
    "once; HUP reads the configuration and the certificates and opens log.file again. Exit status: "
    "0\n"
    "stopped, 1 could not start or died, 2 usage or configuration, 70 a store hung, 78 the stores "
    "were\n"
    "refused (supervisor.on_refusal = \"exit\").";

} // namespace

tl::expected<command_line, command_line_end> parse_command_line(int count,
                                                                const char* const* arguments) {
  command_line parsed;
  std::map<std::string, std::string> values;
  bool wants_check = false;
  bool wants_print = false;
  bool wants_version = false;

  CLI::App app{"A supervised key-value node: state in SQLite, log in LMDB, HTTP in front.",
               "aspen-node"};
  app.footer(footer);
  app.add_option("--config", parsed.config_file, "configuration file (TOML)")->type_name("FILE");
  for (const auto& each : setting_flags)
    app.add_option(each.flag, values[each.key], each.help)->type_name(each.value_name);
  auto* check = app.add_flag("--check-config", wants_check, "check the configuration and end");
  app.add_flag("--print-config", wants_print, "print every value and where it came from")
      ->excludes(check);
  app.add_flag("--version", wants_version, "print versions and end");
  // The supervisor's gate runs this program as the child that looks at the stores.
  auto* child = app.add_option("--cross-check-child", parsed.cross_check_request)->group("");

  try {
    app.parse(count, arguments);
  } catch (const CLI::Success&) {
    return tl::unexpected<command_line_end>({exit_status::stopped, app.help()});
  } catch (const CLI::ParseError& error) {
    return tl::unexpected<command_line_end>(
        {exit_status::usage,
         std::string("aspen-node: ") + error.what() + "\nRun aspen-node --help for usage.\n"});
  }
  for (const auto& each : setting_flags)
    if (app.count(each.flag) != 0)
      parsed.flags[each.key] = {each.flag, values[each.key]};
  using action = command_line::action;
  parsed.what = child->count() != 0 ? action::cross_check_child
                : wants_version     ? action::show_version
                : wants_check       ? action::check_config
                : wants_print       ? action::print_config
                                    : action::run;
  return parsed;
}

} // namespace node
