// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/command_line.hpp"

#include <functional>
#include <utility>

#include <CLI/CLI.hpp>

#include "tools/aspenctl/certs_command.hpp"
#include "tools/aspenctl/commands.hpp"
#include "tools/aspenctl/completion.hpp"
#include "tools/aspenctl/membership_commands.hpp"
#include "tools/aspenctl/supervisor_commands.hpp"
#include "tools/aspenctl/top_command.hpp"
#include "tools/aspenctl/trace_commands.hpp"
#include "tools/aspenctl/trace_tail.hpp"

namespace aspenctl {

namespace {

constexpr const char* footer =
    "An argument that begins with '-' stands behind '--': aspenctl put -- -key -value.\n"
    "Exit status: 0 done, 1 failed or refused, 2 usage, 3 no endpoint could do it now, 4 no such "
    "key,\n"
    "5 a write's outcome is unknown, 6 the present state does not allow it.";

/// Everything the command line says, and what is to be done about it.
struct command_line {
  std::string endpoints = "http://127.0.0.1:8080";
  std::string format = "table";
  std::string dial_timeout;
  std::string command_timeout;
  put_options put;
  std::string value;
  get_options get;
  del_options del;
  bool of_cluster = false;
  std::string member;
  std::string raft_addr;
  certs_options certs;
  bool is_watched = false;
  std::string log_filter;
  bool is_log_reset = false;
  std::string child;
  trace_export_options trace;
  trace_tail_options tail;
  trace_check_options check;
  trace_replay_options replay;
  std::string trace_id;
  top_options top;
  using action = std::function<outcome<void>(const client&, output_format)>;
  action what;
};

CLI::App* add_command(CLI::App& to, const char* name, const char* help) {
  auto* command = to.add_subcommand(name, help);
  command->fallthrough(); // the program's options may stand behind the command
  return command;
}

void add_action(CLI::App* command, command_line& line, command_line::action what) {
  command->final_callback([&line, what = std::move(what)] { line.what = what; });
}

void describe_program(CLI::App& app, command_line& line) {
  app.footer(footer);
  app.require_subcommand(0, 1);
  app.add_option("--endpoints", line.endpoints,
                 "nodes, separated by commas; the first that can is asked")
      ->envname("ASPENCTL_ENDPOINTS")
      ->type_name("URL,...")
      ->capture_default_str();
  app.add_option("-o,--output", line.format, "table or json")
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_option("--dial-timeout", line.dial_timeout, "for a connection to an endpoint (2s)")
      ->type_name("TIME");
  app.add_option("--command-timeout", line.command_timeout,
                 "for the answer of an endpoint (15s; 130s for a checkpoint)")
      ->type_name("TIME");
}

void describe_data(CLI::App& app, command_line& line) {
  auto* put_it = add_command(app, "put", "write a key");
  put_it->add_option("KEY", line.put.key, "the key")->required();
  put_it->add_option("VALUE", line.value, "the value; from stdin when it is left out");
  add_action(put_it, line, [&line, put_it](const client& nodes, output_format format) {
    if (put_it->count("VALUE") != 0)
      line.put.value = line.value;
    return put(nodes, format, line.put);
  });

  auto* get_it = add_command(app, "get", "read a key, or all keys with a prefix");
  get_it->add_option("KEY", line.get.key, "the key, or the prefix")->required();
  get_it->add_flag("--prefix", line.get.is_prefix,
                   "every key that begins with KEY; all keys for ''");
  get_it->add_flag("--print-value-only", line.get.prints_value_only, "no keys");
  get_it->add_flag("--keys-only", line.get.keys_only, "no values; with --prefix");
  get_it->add_option("--limit", line.get.limit, "how many keys at most; with --prefix")
      ->type_name("N");
  get_it->add_option("--consistency", line.get.consistency, "linearizable (default) or stale")
      ->type_name("KIND");
  get_it
      ->add_option("--min-index", line.get.min_index, "wait until the node has applied this index")
      ->type_name("N");
  add_action(get_it, line, [&line](const client& nodes, output_format format) {
    return get(nodes, format, line.get);
  });

  auto* del_it = add_command(app, "del", "delete a key, or all keys with a prefix");
  del_it->add_option("KEY", line.del.key, "the key, or the prefix")->required();
  del_it->add_flag("--prefix", line.del.is_prefix,
                   "every key that begins with KEY, in steps of at most 1000 keys");
  add_action(del_it, line, [&line](const client& nodes, output_format format) {
    return del(nodes, format, line.del);
  });
}

void describe_members(CLI::App& app, command_line& line) {
  auto* members = add_command(app, "member", "the members of the cluster");
  members->require_subcommand(0, 1);
  add_action(add_command(*members, "list", "who belongs to the cluster, and how far each is"), line,
             member_list);
  auto* add =
      add_command(*members, "add", "let a node in as a learner; it was started with --join");
  add->add_option("ID", line.member, "the node's number")->required();
  add->add_option("ADDRESS", line.raft_addr, "where its peers reach it, host:port")->required();
  add_action(add, line, [&line](const client& nodes, output_format format) {
    return member_add(nodes, format, line.member, line.raft_addr);
  });
  using kind = outcome<void> (*)(const client&, output_format, const std::string&);
  auto add_change = [&line](CLI::App& to, const char* name, const char* help, kind what) {
    auto* command = add_command(to, name, help);
    command->add_option("ID", line.member, "the node's number")->required();
    add_action(command, line, [&line, what](const client& nodes, output_format format) {
      return what(nodes, format, line.member);
    });
  };
  add_change(*members, "promote", "make a learner a voter", member_promote);
  add_change(*members, "remove", "take a member out of the cluster", member_remove);
  add_change(app, "move-leader", "hand leadership to a voter", move_leader);
}

void describe_certificates(CLI::App& app, command_line& line) {
  auto* certs = add_command(app, "certs", "certificates for the links between nodes");
  certs->require_subcommand(0, 1);
  auto* init =
      add_command(*certs, "init", "make a private authority, and a certificate for each node");
  init->add_option("ID", line.certs.ids, "numbers of the nodes")->required();
  init->add_option("--dir", line.certs.directory, "where the files go; an authority there is used")
      ->required()
      ->type_name("DIRECTORY");
  init->add_option("--host", line.certs.hosts, "a further name or address, for every node")
      ->allow_extra_args(false)
      ->type_name("NAME");
  init->add_option("--days", line.certs.days, "how long they are valid")
      ->type_name("N")
      ->capture_default_str();
  add_action(init, line, [&line](const client&, output_format format) {
    return certs_init(format, line.certs);
  });
}

void describe_nodes(CLI::App& app, command_line& line) {
  auto* endpoints = add_command(app, "endpoint", "every endpoint by itself");
  endpoints->require_subcommand(0, 1);
  using kind = outcome<void> (*)(const client&, output_format, bool);
  auto add = [&](const char* name, const char* help, kind what) {
    auto* command = add_command(*endpoints, name, help);
    command->add_flag("--cluster", line.of_cluster, "the endpoints of all members");
    add_action(command, line, [&line, what](const client& nodes, output_format format) {
      return what(nodes, format, line.of_cluster);
    });
  };
  add("health", "whether each is well; status 1 when one is not", endpoint_health);
  add("status", "version, state, term and indexes of each", endpoint_status);
  add_action(
      add_command(app, "checkpoint", "fold the WAL of every endpoint into its database file"), line,
      checkpoint);
  auto* level = add_command(app, "log-level", "show or change what every endpoint logs");
  level->add_option("FILTER", line.log_filter, "as 'info,aspen::http=debug', until the node ends");
  level->add_flag("--reset", line.is_log_reset, "log as configured again");
  add_action(level, line, [&line](const client& nodes, output_format format) {
    return log_level(nodes, format, line.log_filter, line.is_log_reset);
  });
}

void describe_supervision(CLI::App& app, command_line& line) {
  auto* tree = add_command(app, "supervisor", "what each node runs, restarts and refuses, and why");
  tree->require_subcommand(0, 1);
  tree->add_flag("--watch", line.is_watched, "again every two seconds");
  tree->final_callback([&line, tree] {
    if (tree->get_subcommands().empty()) // else what stands below it has said what to do
      line.what = [&line](const client& nodes, output_format format) {
        return supervisor_show(nodes, format, line.is_watched);
      };
  });
  using kind = outcome<void> (*)(const client&, output_format, const std::string&);
  auto add = [&](const char* name, const char* help, kind what) {
    auto* command = add_command(*tree, name, help);
    command->add_option("NAME", line.child, "a child, or a group")->required();
    add_action(command, line, [&line, what](const client& nodes, output_format format) {
      return what(nodes, format, line.child);
    });
  };
  add("restart", "a new life for a child and its group, through the check", supervisor_restart);
  add("clear", "take a refused group out of its quarantine and check it again", supervisor_clear);
}

void describe_top(CLI::App& app, command_line& line) {
  auto* top_it = add_command(app, "top", "the actors of each endpoint, as they work");
  top_it->add_option("--interval", line.top.interval, "between two looks")
      ->type_name("TIME")
      ->capture_default_str();
  top_it->add_flag("--once", line.top.is_once, "one look");
  top_it->add_flag("--json", line.top.is_json, "as -o json: an array a look, on one line");
  add_action(top_it, line, [&line](const client& nodes, output_format format) {
    return top(nodes, format, line.top);
  });
}

void describe_tail(CLI::App& trace, command_line& line) {
  auto* tail = add_command(trace, "tail", "follow what one node records, as far as it fits");
  tail->add_option("--match", line.tail.match, "as 'actor~\"raft*\" && handling>5ms'")
      ->type_name("EXPR");
  auto add = [tail](const char* name, std::string& value, const char* help, const char* kind) {
    tail->add_option(name, value, help)->type_name(kind)->capture_default_str();
  };
  add("--limit", line.tail.limit, "end after so many events", "N");
  add("--rate", line.tail.rate, "end when more come in a second", "N");
  add("--for", line.tail.span, "end after this time, an hour at most", "TIME");
  add("--bytes", line.tail.bytes, "end when so much is printed", "SIZE");
  tail->add_flag("--heartbeats", line.tail.with_heartbeats,
                 "also ticks, append_entries without entries, and what answers them");
  add_action(tail, line, [&line](const client& nodes, output_format format) {
    return trace_tail(nodes, format, line.tail);
  });
}

void describe_check(CLI::App& trace, command_line& line) {
  auto* check = add_command(trace, "check", "whether what was recorded keeps to the rules");
  check->add_option("FILE", line.check.files,
                    "rings, dumps, or folders of them; else all members are asked");
  check->add_flag("--live", line.check.is_live, "ask all members beside the files");
  add_action(check, line, [&line](const client& nodes, output_format format) {
    return trace_check(nodes, format, line.check);
  });
}

void describe_replay(CLI::App& trace, command_line& line) {
  auto* again = add_command(trace, "replay", "feed a core what is recorded of another");
  again->add_option("FILE", line.replay.file, "made with trace.record_core")->required();
  again->add_option("--until", line.replay.until, "stop after so many inputs")->type_name("N");
  again->add_option("--show", line.replay.shown, "so many of the last inputs (5)")->type_name("N");
  add_action(again, line, [&line](const client&, output_format format) {
    return trace_replay(format, line.replay);
  });
}

void describe_trace(CLI::App& app, command_line& line) {
  auto* trace = add_command(app, "trace", "what the actors of a node said to each other");
  trace->require_subcommand(0, 1);
  auto* all = add_command(*trace, "export", "what is recorded now, or in a file, for other tools");
  all->add_option("--format", line.trace.format,
                  "ndjson, perfetto, mermaid, html, shiviz, ring, or otlp of one trace")
      ->type_name("FORMAT")
      ->capture_default_str();
  all->add_option("--trace", line.trace.trace, "of one trace alone, by its id")->type_name("ID");
  all->add_option("--last", line.trace.last, "so far back (5s; of one trace, all that is left)")
      ->type_name("TIME");
  all->add_option("--limit", line.trace.limit, "so many events at most, the newest")
      ->type_name("N")
      ->capture_default_str();
  all->add_option("--file", line.trace.files,
                  "a dump of a node that need not run; several become one; asks nobody")
      ->type_name("FILE")
      ->allow_extra_args(false);
  all->add_flag("--all-nodes", line.trace.is_of_all_nodes,
                "what every member records, by one clock and in one order");
  add_action(all, line, [&line](const client& nodes, output_format) {
    return trace_export(nodes, line.trace);
  });
  auto* one = add_command(*trace, "show", "where one request's time went, on all nodes");
  one->add_option("ID", line.trace_id, "32 digits, as in the traceparent of its answer")
      ->required();
  add_action(one, line, [&line](const client& nodes, output_format format) {
    return trace_show(nodes, format, line.trace_id);
  });
  describe_tail(*trace, line);
  describe_check(*trace, line);
  describe_replay(*trace, line);
  add_action(add_command(*trace, "dumps", "the recordings that a node keeps of earlier moments"),
             line, trace_dumps);
}

void describe_program_itself(CLI::App& app, command_line& line) {
  add_action(add_command(app, "version", "the version of this program"), line,
             [](const client&, output_format format) { return show_version(format); });
  auto* completion = add_command(app, "completion", "a completion script for a shell");
  completion->require_subcommand(0, 1);
  add_action(add_command(*completion, "bash", "to be used as: source <(aspenctl completion bash)"),
             line, [&app](const client&, output_format) {
               print(bash_completion(app));
               return outcome<void>();
             });
}

outcome<patience> bounds_of(const CLI::App& app, const command_line& line) {
  patience bounds;
  if (app.got_subcommand("checkpoint"))
    bounds.command = std::chrono::seconds(130); // a node gives itself 120 s
  for (auto [text, bound] :
       {std::pair(&line.dial_timeout, &bounds.dial), {&line.command_timeout, &bounds.command}}) {
    if (text->empty())
      continue;
    auto span = parse_span(*text);
    if (!span)
      return tl::unexpected(std::move(span.error()));
    *bound = *span;
  }
  return bounds;
}

} // namespace

outcome<void> run(int count, const char* const* arguments) {
  command_line line;
  CLI::App app{"Asks nodes of Aspen: data, members, health.", "aspenctl"};
  describe_program(app, line);
  describe_data(app, line);
  describe_members(app, line);
  describe_nodes(app, line);
  describe_supervision(app, line);
  describe_top(app, line);
  describe_trace(app, line);
  describe_certificates(app, line);
  describe_program_itself(app, line);
  try {
    app.parse(count, arguments);
  } catch (const CLI::Success&) {
    auto text = app.help();
    print(text.ends_with("\n") ? text : text + "\n");
    return {};
  } catch (const CLI::ParseError& wrong) {
    return fail(exit_status::usage, std::string(wrong.what()) + "\nRun aspenctl --help for usage.");
  }
  if (!line.what)
    return fail(exit_status::usage, "a command is missing\nRun aspenctl --help for usage.");
  if (line.format != "table" && line.format != "json")
    return fail(exit_status::usage,
                "--output: '" + line.format + "' is neither 'table' nor 'json'");
  auto endpoints = parse_endpoints(line.endpoints);
  auto bounds = bounds_of(app, line);
  if (!endpoints || !bounds)
    return tl::unexpected(!endpoints ? std::move(endpoints.error()) : std::move(bounds.error()));
  client nodes(std::move(*endpoints), *bounds);
  return line.what(nodes, line.format == "json" ? output_format::json : output_format::table);
}

} // namespace aspenctl
