// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tools/aspen-debug-storage/commands.hpp"
#include "tools/aspen-debug-storage/entry_text.hpp"
#include "tools/aspen-debug-storage/state_diff.hpp"

namespace debug_storage {

namespace {

struct side {
  storage::store_paths stores;
  std::unique_ptr<storage::lmdb_log_reader> log;
  std::unique_ptr<storage::state_inspection> state;
};

base::result<side> open_side(const std::string& directory) {
  auto stores = stores_of({directory, {}, {}});
  if (!stores)
    return base::fail(stores.error());
  auto log = open_log(stores->log_path, storage::log_verification::everything);
  if (!log)
    return base::fail(log.error());
  auto state = open_state(*stores);
  if (!state)
    return base::fail(state.error());
  return side{std::move(*stores), std::move(*log), std::move(*state)};
}

std::string text_of(const raft::entry& entry) {
  return "term " + std::to_string(entry.id.term.value) + ", chain "
         + base::to_hex(entry.chain).substr(0, 16) + ", " + summary_of(entry);
}

/// The entries that both logs hold. A committed one is the same everywhere, and so are two of one term.
void compare_entries(side& left, side& right, comparison& out) {
  const auto& one = left.log->scan();
  const auto& other = right.log->scan();
  auto first = std::max(one.marks.snapshot.id.index, other.marks.snapshot.id.index).next();
  auto last = std::min(one.last.index, other.last.index);
  auto committed = std::min(one.marks.hard_state.commit_index, other.marks.hard_state.commit_index);
  for (auto index = first; index <= last; index = index.next()) {
    auto here = left.log->entry(index);
    auto there = right.log->entry(index);
    ++out.entries_compared;
    auto what = "entry " + std::to_string(index.value);
    if (!here || !there)
      out.add_entry({what, here ? text_of(*here) : "damaged: " + here.error().text,
                     there ? text_of(*there) : "damaged: " + there.error().text, true});
    else if (here->id != there->id || here->chain != there->chain
             || here->payload != there->payload)
      out.add_entry({what, text_of(*here), text_of(*there),
                     index <= committed || here->id.term == there->id.term});
  }
}

void compare_marks(const storage::log_scan& one, const storage::log_scan& other, comparison& out) {
  const auto& left = one.marks;
  const auto& right = other.marks;
  out.compare("cluster id", base::to_string(left.identity.cluster_id),
              base::to_string(right.identity.cluster_id), true);
  out.compare("server id", std::to_string(left.identity.server.value),
              std::to_string(right.identity.server.value));
  out.compare("incarnation", base::to_string(left.identity.incarnation),
              base::to_string(right.identity.incarnation));
  out.compare("current term", std::to_string(left.hard_state.current_term.value),
              std::to_string(right.hard_state.current_term.value));
  out.compare("voted for", std::to_string(left.hard_state.voted_for.value),
              std::to_string(right.hard_state.voted_for.value));
  out.compare("commit index", std::to_string(left.hard_state.commit_index.value),
              std::to_string(right.hard_state.commit_index.value));
  out.compare("snapshot point", std::to_string(left.snapshot.id.index.value),
              std::to_string(right.snapshot.id.index.value));
  if (left.snapshot.id.index == right.snapshot.id.index)
    out.compare("chain at the snapshot point", base::to_hex(left.snapshot.chain),
                base::to_hex(right.snapshot.chain), true);
  out.compare("last index", std::to_string(one.last.index.value),
              std::to_string(other.last.index.value));
}

} // namespace

outcome diff(const std::string& left, const std::string& right, tools::output_format format,
             const diff_options& options) {
  auto one = open_side(left);
  if (!one)
    return base::fail(one.error());
  auto other = open_side(right);
  if (!other)
    return base::fail(other.error());
  comparison found(options.shown_max);
  compare_marks(one->log->scan(), other->log->scan(), found);
  compare_entries(*one, *other, found);
  if (auto done = compare_states(*one->state, *other->state, found); !done)
    return base::fail(done.error());
  found.print(format, left, right);
  return found.is_equal() ? exit_status::done : exit_status::differs;
}

} // namespace debug_storage
