// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tools/aspen-debug-storage/commands.hpp"
#include "tools/aspen-debug-storage/entry_text.hpp"

namespace debug_storage {

namespace {

using nlohmann::ordered_json;
using tools::output_format;

std::string text_of(raft::log_index index) {
  return std::to_string(index.value);
}

/// What stands at the commit index: its term, zero where the log does not hold it.
raft::term term_at(const storage::log_scan& scan, raft::log_index index) {
  if (index == scan.marks.snapshot.id.index)
    return scan.marks.snapshot.id.term;
  raft::term found;
  for (const auto& start : scan.term_starts)
    if (start.first_index <= index && index <= scan.last.index)
      found = start.term;
  return found;
}

ordered_json to_json(const storage::identity& who) {
  return {{"cluster_id", base::to_string(who.cluster_id)},
          {"server_id", who.server.value},
          {"incarnation", base::to_string(who.incarnation)},
          {"log_uuid", base::to_string(who.log_uuid)}};
}

ordered_json log_to_json(const std::string& path, const storage::log_scan& scan) {
  const auto& marks = scan.marks;
  ordered_json made{{"log", path}, {"identity", to_json(marks.identity)}};
  made["hard_state"] = {{"current_term", marks.hard_state.current_term.value},
                        {"voted_for", marks.hard_state.voted_for.value},
                        {"commit_index", marks.hard_state.commit_index.value}};
  made["snapshot_point"] = debug_storage::to_json(marks.snapshot);
  made["first_index"] = marks.snapshot.id.index.next().value;
  made["last"] = debug_storage::to_json(scan.last);
  made["last_chain"] = base::to_hex(scan.last_chain);
  made["entries"] = scan.entries;
  made["entry_bytes"] = scan.entry_bytes;
  made["checkpoint_started"] = marks.checkpoints.started.value;
  made["checkpoint_completed"] = marks.checkpoints.completed.value;
  made["pending_install"] = nullptr;
  if (marks.pending)
    made["pending_install"] = {{"point", debug_storage::to_json(marks.pending->point)},
                               {"digest", storage::to_hex(marks.pending->digest)},
                               {"file", marks.pending->file}};
  made["write_counter"] = marks.write_counter;
  made["memberships"] = ordered_json::array();
  for (const auto& each : scan.memberships)
    made["memberships"].push_back(
        {{"index", each.index.value}, {"membership", debug_storage::to_json(each.membership)}});
  made["faults"] = ordered_json::array();
  for (const auto& each : scan.faults)
    made["faults"].push_back({{"rule", each.rule}, {"text", each.text}});
  return made;
}

std::string position(const raft::entry_id& id) {
  return "index " + text_of(id.index) + ", term " + std::to_string(id.term.value);
}

void add_marks(const storage::log_scan& scan, tools::text_table& table) {
  const auto& marks = scan.marks;
  table.add({"cluster id", base::to_string(marks.identity.cluster_id)});
  table.add({"server id", std::to_string(marks.identity.server.value)});
  table.add({"incarnation", base::to_string(marks.identity.incarnation)});
  table.add({"log uuid", base::to_string(marks.identity.log_uuid)});
  table.add({"current term", std::to_string(marks.hard_state.current_term.value)});
  table.add({"voted for", marks.hard_state.voted_for.value == 0
                              ? "-"
                              : std::to_string(marks.hard_state.voted_for.value)});
  table.add({"commit index", text_of(marks.hard_state.commit_index)});
  table.add({"snapshot point", position(marks.snapshot.id)});
  table.add({"snapshot membership", summary_of(marks.snapshot.membership)});
  table.add({"checkpoint started", text_of(marks.checkpoints.started)});
  table.add({"checkpoint completed", text_of(marks.checkpoints.completed)});
  table.add(
      {"pending install",
       marks.pending ? position(marks.pending->point.id) + ", file " + marks.pending->file : "-"});
  table.add({"write counter", std::to_string(marks.write_counter)});
}

ordered_json raw_of(storage::lmdb_log_reader& log, raft::log_index index) {
  auto record = log.record(index);
  return record ? ordered_json(base::to_hex(base::byte_view(*record))) : ordered_json(nullptr);
}

/// The entry as JSON; what is wrong with it where it cannot be read.
ordered_json entry_to_json(storage::lmdb_log_reader& log, raft::log_index index, bool shows_raw) {
  auto entry = log.entry(index);
  auto made = entry ? debug_storage::to_json(*entry)
                    : ordered_json{{"index", index.value}, {"damaged", entry.error().text}};
  if (shows_raw)
    made["raw"] = raw_of(log, index);
  return made;
}

void add_entry(storage::lmdb_log_reader& log, raft::log_index index, bool shows_raw,
               tools::text_table& table) {
  auto entry = log.entry(index);
  std::vector<std::string> cells;
  if (entry)
    cells = {text_of(index),
             std::to_string(entry->id.term.value),
             std::string(to_string(entry->kind)),
             time_text(entry->leader_time_ms),
             base::to_hex(entry->chain).substr(0, 16),
             summary_of(*entry)};
  else
    cells = {text_of(index), "-", "damaged", "-", "-", tools::as_cell(entry.error().text)};
  if (shows_raw)
    cells.push_back(tools::cell(ordered_json{{"raw", raw_of(log, index)}}, "raw"));
  table.add(std::move(cells));
}

} // namespace

outcome show_committed(const selection& what, output_format format) {
  auto path = log_of(what);
  if (!path)
    return base::fail(path.error());
  auto log = open_log(*path, storage::log_verification::tail);
  if (!log)
    return base::fail(log.error());
  const auto& scan = (*log)->scan();
  auto committed = scan.marks.hard_state.commit_index;
  ordered_json made{{"log", *path},
                    {"committed", committed.value},
                    {"term", term_at(scan, committed).value},
                    {"first_index", scan.marks.snapshot.id.index.next().value},
                    {"last_index", scan.last.index.value}};
  if (format == output_format::json) {
    tools::print_json(made);
    return exit_status::done;
  }
  tools::text_table table({"COMMITTED", "TERM", "FIRST", "LAST", "LOG"});
  table.add({tools::cell(made, "committed"), tools::cell(made, "term"),
             tools::cell(made, "first_index"), tools::cell(made, "last_index"),
             tools::cell(made, "log")});
  tools::print(table.to_string());
  return exit_status::done;
}

outcome show_log(const selection& what, output_format format) {
  auto path = log_of(what);
  if (!path)
    return base::fail(path.error());
  auto log = open_log(*path, storage::log_verification::everything);
  if (!log)
    return base::fail(log.error());
  const auto& scan = (*log)->scan();
  if (format == output_format::json) {
    tools::print_json(log_to_json(*path, scan));
    return exit_status::done;
  }
  tools::text_table table({"LOG", tools::as_cell(*path)});
  add_marks(scan, table);
  table.add({"entries", std::to_string(scan.entries)});
  table.add({"entry bytes", std::to_string(scan.entry_bytes)});
  table.add({"last entry", position(scan.last)});
  table.add({"last chain", base::to_hex(scan.last_chain)});
  for (const auto& each : scan.memberships)
    table.add({"membership at " + text_of(each.index), summary_of(each.membership)});
  for (const auto& each : scan.faults)
    table.add({std::string("violated: ") + each.rule, tools::as_cell(each.text)});
  tools::print(table.to_string());
  return exit_status::done;
}

outcome show_entries(const selection& what, output_format format, const entries_options& options) {
  auto path = log_of(what);
  if (!path)
    return base::fail(path.error());
  if (options.range.to != 0 && options.range.to < options.range.from)
    return base::fail(base::errc::invalid, "--to lies before --from");
  auto log = open_log(*path, storage::log_verification::tail);
  if (!log)
    return base::fail(log.error());
  const auto& scan = (*log)->scan();
  auto first = std::max(scan.marks.snapshot.id.index.next().value, options.range.from);
  auto last = options.range.to == 0 ? scan.last.index.value
                                    : std::min(options.range.to, scan.last.index.value);
  auto in_range = last < first ? 0 : last - first + 1;
  auto shown = std::min(in_range, options.count_max);
  std::vector<std::string> head{"INDEX", "TERM", "KIND", "TIME", "CHAIN", "WHAT"};
  if (options.shows_raw)
    head.emplace_back("RAW");
  tools::text_table table(head);
  auto all = ordered_json::array();
  for (auto index = first; index < first + shown; ++index)
    if (format == output_format::json)
      all.push_back(entry_to_json(**log, raft::log_index{index}, options.shows_raw));
    else
      add_entry(**log, raft::log_index{index}, options.shows_raw, table);
  if (format == output_format::json)
    tools::print_json(
        {{"log", *path}, {"entries", std::move(all)}, {"left_out", in_range - shown}});
  else
    tools::print(table.to_string()
                 + (shown < in_range
                        ? "… " + std::to_string(in_range - shown) + " more; --limit N, or export\n"
                        : ""));
  return exit_status::done;
}

} // namespace debug_storage
