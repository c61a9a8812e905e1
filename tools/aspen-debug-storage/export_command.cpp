// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tools/aspen-debug-storage/commands.hpp"
#include "tools/aspen-debug-storage/entry_text.hpp"

namespace debug_storage {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t page_bytes = std::size_t{4} * 1024 * 1024;

/// One line, `type` first.
void put_line(const char* type, const ordered_json& object) {
  ordered_json line{{"type", type}};
  line.update(object);
  tools::print(line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

base::status export_log(const selection& what, const export_options& options) {
  auto path = log_of(what);
  if (!path)
    return base::fail(path.error());
  auto log = open_log(*path, storage::log_verification::everything);
  if (!log)
    return base::fail(log.error());
  const auto& marks = (*log)->scan().marks;
  put_line("log", {{"log", *path},
                   {"cluster_id", base::to_string(marks.identity.cluster_id)},
                   {"server_id", marks.identity.server.value},
                   {"current_term", marks.hard_state.current_term.value},
                   {"voted_for", marks.hard_state.voted_for.value},
                   {"commit_index", marks.hard_state.commit_index.value},
                   {"last_index", (*log)->scan().last.index.value},
                   {"snapshot_point", to_json(marks.snapshot)}});
  if (options.leaves_out_entries)
    return {};
  auto first = std::max(marks.snapshot.id.index.next(), raft::log_index{options.range.from});
  auto last = (*log)->scan().last.index;
  if (options.range.to != 0)
    last = std::min(last, raft::log_index{options.range.to});
  for (auto index = first; index <= last; index = index.next()) {
    auto entry = (*log)->entry(index);
    put_line("entry", entry
                          ? to_json(*entry)
                          : ordered_json{{"index", index.value}, {"damaged", entry.error().text}});
  }
  return {};
}

base::status export_state(const selection& what, const export_options& options) {
  auto stores = state_of(what);
  if (!stores)
    return base::fail(stores.error());
  auto state = open_state(*stores);
  if (!state)
    return base::fail(state.error());
  const auto& meta = (*state)->facts().meta;
  put_line("state", {{"state_machine", stores->state_path},
                     {"last_applied_log", to_json(meta.last_applied)},
                     {"chain", base::to_hex(meta.chain)},
                     {"digest", storage::to_hex(meta.digest)},
                     {"membership", to_json(meta.membership)}});
  if (options.leaves_out_rows)
    return {};
  std::optional<std::string> after;
  for (;;) {
    auto rows = (*state)->rows_after(after, page_bytes);
    if (!rows)
      return base::fail(rows.error());
    if (rows->empty())
      return {};
    for (const auto& each : *rows)
      put_line("row", to_json(each));
    after = rows->back().row.key;
  }
}

} // namespace

outcome export_all(const selection& what, const export_options& options) {
  if (options.range.to != 0 && options.range.to < options.range.from)
    return base::fail(base::errc::invalid, "--to lies before --from");
  // One named file is exported alone.
  bool is_log_alone = what.where.empty() && what.state.empty();
  bool is_state_alone = what.where.empty() && what.log.empty() && !what.state.empty();
  if (!is_state_alone)
    if (auto done = export_log(what, options); !done)
      return base::fail(done.error());
  if (!is_log_alone)
    if (auto done = export_state(what, options); !done)
      return base::fail(done.error());
  return exit_status::done;
}

} // namespace debug_storage
