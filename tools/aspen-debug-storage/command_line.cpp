// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-debug-storage/command_line.hpp"

#include <memory>

#include <CLI/CLI.hpp>

#include "base/version.hpp"
#include "tools/aspen-debug-storage/commands.hpp"

namespace debug_storage {

namespace {

using tools::output_format;

constexpr const char* footer =
    "DIR is a data directory (data/node-1). Nothing is written, locked or made beside the stores;\n"
    "recover --out writes, into a directory of its own.\n"
    "A log that a running node has open is refused: GET /admin/log-copy of the node is a copy of "
    "it.\n"
    "Exit status: 0 done (check: the node may start; diff, replay: equal), 1 failed, 2 usage,\n"
    "3 a process has the store open, 4 differences, 5 check: rebuild, 6 check: try again, 78 "
    "check: refuse.";

struct command_line {
  std::string format = "table";
  selection what;
  bool shows_committed = false;
  std::string right;
  entries_options entries;
  export_options all;
  diff_options diff;
  replay_options replay;
  std::vector<std::string> directories;
  recover_options recover;

  using action = std::function<outcome(const command_line&, output_format)>;
  action work;
  bool is_check = false;

  output_format output() const {
    return format == "json" ? output_format::json : output_format::table;
  }
};

CLI::App* add_command(CLI::App& app, command_line& line, const char* name, const char* help,
                      command_line::action work) {
  auto* command = app.add_subcommand(name, help);
  command->fallthrough(); // the program's options may stand behind the command
  command->final_callback([&line, work = std::move(work)] { line.work = work; });
  return command;
}

void add_range(CLI::App* command, entry_range& range) {
  command->add_option("--from", range.from, "the first entry")->type_name("INDEX");
  command->add_option("--to", range.to, "the last entry, itself included")->type_name("INDEX");
}

void describe_program(CLI::App& app, command_line& line) {
  app.footer(footer);
  app.set_version_flag("--version", "aspen-debug-storage " + std::string(base::version) + " ("
                                        + std::string(base::git_commit) + ")");
  app.require_subcommand(0, 1);
  app.add_option("--log", line.what.log, "the log, where it is not in DIR")->type_name("PATH");
  app.add_option("--state", line.what.state, "the state machine, where it is not in DIR")
      ->type_name("PATH");
  app.add_flag("--show-committed", line.shows_committed, "as the command 'committed'");
  app.add_option("-o,--output", line.format, "table or json")
      ->type_name("FORMAT")
      ->capture_default_str();
}

void describe_log(CLI::App& app, command_line& line) {
  auto* committed =
      add_command(app, line, "committed", "the commit index of a log",
                  [](auto& given, auto format) { return show_committed(given.what, format); });
  committed->add_option("DIR", line.what.where, "data directory, or the log itself");
  auto* log =
      add_command(app, line, "log", "identity, hard state, snapshot point and marks of a log",
                  [](auto& given, auto format) { return show_log(given.what, format); });
  log->add_option("DIR", line.what.where, "data directory, or the log itself");
  auto* entries =
      add_command(app, line, "entries", "entries of a log, decoded", [](auto& given, auto format) {
        return show_entries(given.what, format, given.entries);
      });
  entries->add_option("DIR", line.what.where, "data directory, or the log itself");
  add_range(entries, line.entries.range);
  entries->add_option("--limit", line.entries.count_max, "how many at most")
      ->type_name("N")
      ->capture_default_str();
  entries->add_flag("--raw", line.entries.shows_raw,
                    "the bytes of each record too, in hexadecimal digits");
}

void describe_state(CLI::App& app, command_line& line) {
  auto* state =
      add_command(app, line, "state", "what a state machine records beside its rows",
                  [](auto& given, auto format) { return show_state(given.what, format); });
  state->add_option("DIR", line.what.where,
                    "data directory, or the file itself (a snapshot or backup too)");
}

void describe_judgement(CLI::App& app, command_line& line) {
  auto* judge =
      add_command(app, line, "check", "every rule of the check before a start, and the verdict",
                  [](auto& given, auto format) { return check(given.what, format); });
  judge->add_option("DIR", line.what.where, "data directory");
  judge->parse_complete_callback([&line] { line.is_check = true; });
  auto* compare = add_command(app, line, "diff", "what differs between two data directories",
                              [](auto& given, auto format) {
                                return diff(given.what.where, given.right, format, given.diff);
                              });
  compare->add_option("DIR1", line.what.where, "data directory")->required();
  compare->add_option("DIR2", line.right, "data directory")->required();
  compare->add_option("--limit", line.diff.shown_max, "rows, and entries, named at most")
      ->type_name("N")
      ->capture_default_str();
}

void describe_work(CLI::App& app, command_line& line) {
  auto* again = add_command(app, line, "replay",
                            "apply the log again, elsewhere, and compare with the state machine",
                            [](auto& given, auto format) {
                              return debug_storage::replay(given.what, format, given.replay);
                            });
  again->add_option("DIR", line.what.where, "data directory");
  again->add_option("--snapshot", line.replay.snapshot, "a snapshot file or backup to begin with")
      ->type_name("FILE");
  again->add_option("--to", line.replay.up_to, "the last entry applied")->type_name("INDEX");
  again->add_option("--out", line.replay.out, "a new directory that keeps what was made")
      ->type_name("DIRECTORY");
  again->add_option("--limit", line.replay.diff.shown_max, "rows named at most")
      ->type_name("N")
      ->capture_default_str();
  auto* all = add_command(app, line, "export", "everything as JSON, an object a line",
                          [](auto& given, auto) { return export_all(given.what, given.all); });
  all->add_option("DIR", line.what.where, "data directory");
  add_range(all, line.all.range);
  all->add_flag("--no-entries", line.all.leaves_out_entries,
                "of the log only what it records beside them");
  all->add_flag("--no-rows", line.all.leaves_out_rows,
                "of the state only what it records beside them");
}

void describe_recovery(CLI::App& app, command_line& line) {
  auto& what = line.recover;
  auto* rest = add_command(
      app, line, "recover", "what is left of a cluster that lost its quorum, and a new one of it",
      [](auto& given, auto format) {
        return debug_storage::recover(given.directories, format, given.recover);
      });
  rest->add_option("DIR", line.directories, "the data directories that can be reached")->required();
  rest->add_option("--out", what.out, "a new directory; without it nothing is written")
      ->type_name("DIRECTORY");
  rest->add_option("--from", what.from, "recover from this one, not from the recommended one")
      ->type_name("DIR");
  rest->add_option("--node-id", what.node_id, "of the new node; else that of the directory");
  rest->add_option("--raft-addr", what.raft_addr, "where it answers its peers; else as it did")
      ->type_name("HOST:PORT");
  rest->add_option("--http-addr", what.http_addr, "where it answers clients; else as it did")
      ->type_name("HOST:PORT");
}

base::status check_line(command_line& line) {
  if (line.format != "table" && line.format != "json")
    return base::fail(base::errc::invalid,
                      "--output: '" + line.format + "' is neither 'table' nor 'json'");
  if (line.shows_committed && line.work)
    return base::fail(base::errc::invalid, "--show-committed stands without a command");
  if (line.shows_committed)
    line.work = [](auto& given, auto format) { return show_committed(given.what, format); };
  if (!line.work)
    return base::fail(base::errc::invalid, "a command is missing");
  return {};
}

} // namespace

base::result<request> read_arguments(int count, const char* const* arguments) {
  auto line = std::make_shared<command_line>();
  CLI::App app{"Looks at the stores of a stopped node, or at copies of them. Reads only, but for "
               "recover --out.",
               "aspen-debug-storage"};
  describe_program(app, *line);
  describe_log(app, *line);
  describe_state(app, *line);
  describe_judgement(app, *line);
  describe_work(app, *line);
  describe_recovery(app, *line);
  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForVersion& asked) {
    tools::print(std::string(asked.what()) + "\n");
    return request{[] { return outcome(exit_status::done); }, {}};
  } catch (const CLI::Success&) {
    auto text = app.help();
    tools::print(text.ends_with("\n") ? text : text + "\n");
    return request{[] { return outcome(exit_status::done); }, {}};
  } catch (const CLI::ParseError& wrong) {
    return base::fail(base::errc::invalid, wrong.what());
  }
  if (auto fault = check_line(*line); !fault)
    return base::fail(fault.error());
  request made;
  made.work = [line] { return line->work(*line, line->output()); };
  if (line->is_check)
    made.on_crash = [line](const std::string& signal) {
      return report_crash(signal, line->output());
    };
  return made;
}

} // namespace debug_storage
