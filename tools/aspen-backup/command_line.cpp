// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-backup/command_line.hpp"

#include <memory>

#include <CLI/CLI.hpp>

#include "base/version.hpp"
#include "tools/aspen-backup/commands.hpp"

namespace aspen_backup {

namespace {

constexpr const char* footer = "FROM is the admin address of a running node "
                               "(http://127.0.0.1:8081), a data directory, or the\n"
                               "database file in one. A backup is one file, and FILE.manifest.json "
                               "beside it. The guide's short\n"
                               "form is the same as create: aspen-backup --source FROM --dest TO.\n"
                               "Exit status: 0 done, 1 failed, 2 usage, 3 not possible now, 4 a "
                               "backup is not what its manifest "
                               "says.";

struct command_line {
  std::string format = "table";
  common_options how;
  create_options create;
  restore_options restore;
  std::vector<std::string> files;
  std::string directory;
  std::string retain;
  bool is_dry = false;

  using action = std::function<outcome<exit_status>(const command_line&)>;
  action work;
};

CLI::App* add_command(CLI::App& app, command_line& line, const char* name, const char* help,
                      command_line::action work) {
  auto* command = app.add_subcommand(name, help);
  command->fallthrough(); // the program's options may stand behind the command
  command->final_callback([&line, work = std::move(work)] { line.work = work; });
  return command;
}

void describe_program(CLI::App& app, command_line& line) {
  app.footer(footer);
  app.set_version_flag("--version", "aspen-backup " + std::string(base::version) + " ("
                                        + std::string(base::git_commit) + ")");
  app.require_subcommand(0, 1);
  app.add_option("-o,--output", line.format, "table or json")
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_flag("-q,--quiet", line.how.is_quiet, "say nothing of how far it is");
}

void describe_create(CLI::App& app, command_line& line) {
  auto& what = line.create;
  auto* made = add_command(app, line, "create", "make a verified backup",
                           [](auto& given) { return create(given.create, given.how); });
  made->add_option("--from", what.from, "whose state")
      ->type_name("FROM")
      ->default_str("http://127.0.0.1:8081");
  made->add_option("TO", what.to, "a new file, or a directory, where it gets a name of its own")
      ->required();
  for (auto* app_or_command : {&app, made}) {
    app_or_command->add_option("--retain", what.retain,
                               "then remove older ones in that directory: daily=N,weekly=M");
    app_or_command->add_flag("--stale", what.may_be_stale,
                             "the state of that very node, asked of nobody else: it may lag");
  }
  app.add_option("--source", what.from, "as create --from")->type_name("FROM");
  app.add_option("--dest", what.to, "as create TO")->type_name("TO");
}

void describe_reading(CLI::App& app, command_line& line) {
  auto* sound = add_command(app, line, "verify", "compare backups with their manifests, whole",
                            [](auto& given) { return verify(given.files, given.how); });
  sound->add_option("FILE", line.files, "backups, or directories of them")->required();
  auto* all = add_command(app, line, "list", "the backups in a directory, by their manifests",
                          [](auto& given) { return list(given.directory, given.how); });
  all->add_option("DIR", line.directory, "a directory of backups")->required();
  auto* fewer = add_command(app, line, "prune", "remove what need not be kept", [](auto& given) {
    return prune(given.directory, given.retain, given.is_dry, given.how);
  });
  fewer->add_option("DIR", line.directory, "a directory of backups")->required();
  fewer->add_option("--retain", line.retain, "what stays: daily=N,weekly=M")->required();
  fewer->add_flag("--dry-run", line.is_dry, "only say what would go");
}

void describe_restore(CLI::App& app, command_line& line) {
  auto& what = line.restore;
  auto* made = add_command(app, line, "restore",
                           "make a data directory of a backup: a new cluster of one node",
                           [](auto& given) { return restore(given.restore, given.how); });
  made->add_option("FILE", what.file, "the backup")->required();
  auto* place = made->add_option("DATA_DIR", what.data_dir, "a new or empty directory");
  made->add_option("--data-dir", what.data_dir, "the same")->excludes(place);
  made->add_option("--node-id", what.node_id, "of the node; else the backup's")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
  made->add_option("--raft-addr", what.raft_addr,
                   "where it answers its peers; else as in the backup")
      ->type_name("HOST:PORT");
  made->add_option("--http-addr", what.http_addr, "where it answers clients; else as in the backup")
      ->type_name("HOST:PORT");
}

outcome<void> check_line(CLI::App& app, command_line& line) {
  if (line.format != "table" && line.format != "json")
    return fail(exit_status::usage,
                "--output: '" + line.format + "' is neither 'table' nor 'json'");
  line.how.format =
      line.format == "json" ? tools::output_format::json : tools::output_format::table;
  bool is_short_form = app.count("--source") > 0 || app.count("--dest") > 0;
  if (is_short_form && line.work)
    return fail(exit_status::usage, "--source and --dest stand without a command");
  if (is_short_form && (app.count("--source") == 0 || app.count("--dest") == 0))
    return fail(exit_status::usage, "--source and --dest stand together");
  if (is_short_form)
    line.work = [](const command_line& given) { return create(given.create, given.how); };
  if (!line.work)
    return fail(exit_status::usage, "a command is missing");
  if (line.create.from.empty())
    line.create.from = "http://127.0.0.1:8081";
  if (app.got_subcommand("restore") && line.restore.data_dir.empty())
    return fail(exit_status::usage, "restore: DATA_DIR is missing");
  return {};
}

std::function<outcome<exit_status>()> nothing() {
  return [] { return outcome<exit_status>(exit_status::done); };
}

} // namespace

outcome<std::function<outcome<exit_status>()>> read_arguments(int count,
                                                              const char* const* arguments) {
  auto line = std::make_shared<command_line>();
  CLI::App app{"Makes, verifies, keeps and restores backups of a node's state.", "aspen-backup"};
  describe_program(app, *line);
  describe_create(app, *line);
  describe_reading(app, *line);
  describe_restore(app, *line);
  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForVersion& asked) {
    tools::print(std::string(asked.what()) + "\n");
    return nothing();
  } catch (const CLI::Success&) {
    auto text = app.help();
    tools::print(text.ends_with("\n") ? text : text + "\n");
    return nothing();
  } catch (const CLI::ParseError& wrong) {
    return fail(exit_status::usage, wrong.what());
  }
  if (auto fault = check_line(app, *line); !fault)
    return tl::unexpected(std::move(fault.error()));
  return [line] { return line->work(*line); };
}

} // namespace aspen_backup
