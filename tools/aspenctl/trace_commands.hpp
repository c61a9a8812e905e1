// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/aspenctl/client.hpp"
#include "tools/aspenctl/printer.hpp"

namespace aspenctl {

struct trace_export_options {
  std::string format = "ndjson"; ///< one of trace/export_format.hpp
  std::string trace;             ///< its id; empty: everybody's
  std::string last;              ///< back from now, or from the newest event of a file; empty: 5 s,
                                 ///< or of one trace all that there is
  std::string limit = "10000";   ///< of events, the newest
  std::vector<std::string> files; ///< dumps or rings; empty: what an endpoint records now
  bool is_of_all_nodes = false;   ///< what every member records, in one
};

/// Prints what the flight recorder of one endpoint holds, or what files hold: then nobody is asked.
/// Several, or those of all nodes, become one (trace/merge.hpp). `not_found` when nothing is
/// recorded of the trace; `unavailable` when not all members could be asked, after what the others
/// told.
outcome<void> trace_export(const client& nodes, const trace_export_options& options);

/// One trace, as far as the members of the cluster have recorded it: on each node the messages
/// that had a part in it as a tree, and where the request's time went. `not_found` when
/// nobody knows it, or not any more.
outcome<void> trace_show(const client& nodes, output_format format, const std::string& id);

struct trace_check_options {
  std::vector<std::string> files; ///< rings, dumps, or folders of them; none: the nodes themselves
  bool is_live = false;           ///< the nodes beside the files
};

/// Holds what was recorded against the rules of trace/checker.hpp, and prints what was seen of each.
/// `failed` when one is broken; `usage` for a file that is no recording; `unavailable` when a node
/// could not be asked and nothing is broken.
outcome<void> trace_check(const client& nodes, output_format format,
                          const trace_check_options& options);

struct trace_replay_options {
  std::string file;  ///< made with trace.record_core
  std::string until; ///< inputs, from 1 on; empty: all
  std::string shown; ///< so many of the last inputs; empty: 5
};

/// Feeds a core what is recorded of another, compares what it answers, and prints what it is at the
/// end. Asks nobody. `failed` when an answer is another one, or the file is damaged; `usage` for a
/// file that is none.
outcome<void> trace_replay(output_format format, const trace_replay_options& options);

/// The members' endpoints, as far as the cluster says them, and the given ones.
std::vector<endpoint> everybody(const client& nodes);

/// What one endpoint records where, and its dumps.
outcome<void> trace_dumps(const client& nodes, output_format format);

} // namespace aspenctl
