// SPDX-License-Identifier: Apache-2.0
#include "storage/log_scan.hpp"

#include "storage/log_codec.hpp"

namespace storage {

using base::errc;

namespace {

std::string number(raft::log_index index) {
  return std::to_string(index.value);
}

/// Takes the entries one by one, in the order of their keys.
class log_walk {
public:
  log_walk(log_scan& scan, log_verification how, raft::log_index last)
    : scan_(scan), is_chain_known_(how == log_verification::everything) {
    scan_.last = scan_.marks.snapshot.id;
    scan_.last_chain = scan_.marks.snapshot.chain;
    auto first = scan_.marks.snapshot.id.index.next();
    bool is_long = last > first && last - first > log_tail_entries;
    if (how == log_verification::tail && is_long)
      verify_from_ = raft::log_index{last.value - log_tail_entries};
    else
      is_chain_known_ = true;
  }

  void take(const lmdb_item& item) {
    ++scan_.entries;
    scan_.entry_bytes += item.value.size();
    auto index = log_codec::decode_key(item.key);
    if (!index)
      return fault("INV-33", index.error().text);
    if (*index != scan_.last.index.next()) {
      is_chain_known_ = false;
      fault("INV-33", "entry " + number(*index) + " follows entry " + number(scan_.last.index));
    }
    if (*index >= verify_from_)
      verify(*index, item.value);
    else
      skim(*index, item.value);
  }

private:
  void fault(const char* rule, std::string text, errc code = errc::corrupt) {
    scan_.is_beyond_repair = true;
    list(rule, std::move(text), code);
  }

  void list(const char* rule, std::string text, errc code) {
    if (scan_.faults.size() < log_faults_max)
      scan_.faults.push_back({rule, code, std::move(text)});
  }

  void skim(raft::log_index index, base::byte_view record) {
    auto head = log_codec::peek_entry(record);
    if (!head || head->kind == raft::entry_kind::membership)
      return verify(index, record);
    is_chain_known_ = false;
    advance({index, head->id.term});
  }

  void verify(raft::log_index index, base::byte_view record) {
    auto entry = log_codec::decode_entry(record, index, scan_.marks.identity.log_uuid);
    if (!entry) {
      list("INV-32", "entry " + number(index) + ": " + entry.error().text, entry.error().code);
      note_damage(index, entry.error().code);
      is_chain_known_ = false; // nothing is known of the one that follows
      return advance({index, scan_.last.term});
    }
    auto chain = raft::next_chain(scan_.last_chain, entry->id, entry->kind, entry->payload.hash());
    if (is_chain_known_ && chain != entry->chain)
      fault("INV-34", "entry " + number(index) + " does not follow from entry "
                          + number(scan_.last.index) + ": chain " + base::to_hex(entry->chain)
                          + " stored, " + base::to_hex(chain) + " computed");
    is_chain_known_ = true;
    scan_.last_chain = entry->chain;
    advance(entry->id);
    if (entry->kind == raft::entry_kind::membership)
      take_membership(*entry);
  }

  // A run needs an anchor before it; what is not committed may differ elsewhere.
  void note_damage(raft::log_index index, errc code) {
    auto& runs = scan_.damaged;
    bool goes_on = !runs.empty() && runs.back().last.next() == index;
    if (goes_on)
      runs.back().last = index;
    else
      runs.push_back({index, index, scan_.last_chain});
    scan_.is_beyond_repair =
        scan_.is_beyond_repair || code != errc::corrupt || (!goes_on && !is_chain_known_)
        || index > scan_.marks.hard_state.commit_index || ++damaged_entries_ > damaged_entries_max
        || runs.size() > damaged_runs_max;
    if (runs.size() > damaged_runs_max)
      runs.pop_back();
  }

  void advance(const raft::entry_id& id) {
    if (id.term < scan_.last.term)
      fault("INV-35", "entry " + number(id.index) + " of term " + std::to_string(id.term.value)
                          + " follows one of term " + std::to_string(scan_.last.term.value));
    if (scan_.term_starts.empty() || scan_.term_starts.back().term != id.term)
      scan_.term_starts.push_back({id.index, id.term});
    scan_.last = id;
  }

  void take_membership(const raft::entry& entry) {
    membership_at one{entry.id.index, {}};
    if (!raft::decode(entry.payload.bytes(), one.membership))
      return fault("INV-32", "entry " + number(entry.id.index) + " holds no membership");
    scan_.memberships.push_back(std::move(one));
  }

  log_scan& scan_;
  bool is_chain_known_;
  std::uint64_t damaged_entries_ = 0;
  raft::log_index verify_from_;
};

/// The marks among themselves and against the entries.
void judge_marks(log_scan& scan) {
  const auto& marks = scan.marks;
  auto commit = marks.hard_state.commit_index;
  auto point = marks.snapshot.id.index;
  auto require = [&](bool holds, const char* rule, const std::string& text) {
    if (holds)
      return;
    scan.is_beyond_repair = true;
    scan.faults.push_back({rule, errc::corrupt, text});
  };
  require(commit <= scan.last.index, "INV-36",
          "commit index " + number(commit) + " lies beyond the last entry "
              + number(scan.last.index));
  require(commit >= point, "INV-36",
          "commit index " + number(commit) + " lies before the snapshot point " + number(point));
  require(scan.last.term <= marks.hard_state.current_term, "INV-35",
          "the last entry is of term " + std::to_string(scan.last.term.value)
              + ", the current term is " + std::to_string(marks.hard_state.current_term.value));
  require(point <= marks.checkpoints.completed, "INV-40",
          "snapshot point " + number(point) + " lies beyond the completed checkpoint "
              + number(marks.checkpoints.completed));
  require(marks.checkpoints.completed <= marks.checkpoints.started
              && marks.checkpoints.started <= commit,
          "INV-41",
          "checkpoint completed at " + number(marks.checkpoints.completed) + ", started at "
              + number(marks.checkpoints.started) + ", commit index " + number(commit));
}

} // namespace

base::result<log_scan> scan_log(lmdb_transaction& within, const log_tables& tables,
                                log_verification how) {
  auto marks = load_log_marks(within, tables);
  if (!marks)
    return base::fail(marks.error());
  auto cursor = lmdb_cursor::open(within, tables.entries);
  if (!cursor)
    return base::fail(cursor.error());
  log_scan scan;
  scan.marks = std::move(*marks);
  auto newest = cursor->last();
  if (!newest)
    return base::fail(newest.error());
  auto last = *newest ? log_codec::decode_key((*newest)->key) : raft::log_index{};
  log_walk walk(scan, how, last.value_or(raft::log_index{}));
  auto item = cursor->first();
  for (; item && *item; item = cursor->next())
    walk.take(**item);
  if (!item)
    return base::fail(item.error());
  judge_marks(scan);
  return scan;
}

log_outline outline_of(log_scan scan) {
  log_state state;
  state.identity = scan.marks.identity;
  state.hard_state = scan.marks.hard_state;
  state.snapshot = std::move(scan.marks.snapshot);
  state.checkpoint_started = scan.marks.checkpoints.started;
  state.checkpoint_completed = scan.marks.checkpoints.completed;
  state.pending = std::move(scan.marks.pending);
  state.write_counter = scan.marks.write_counter;
  state.last = scan.last;
  state.last_chain = scan.last_chain;
  state.damaged = std::move(scan.damaged);
  state.term_starts = std::move(scan.term_starts);
  return {std::move(state), std::move(scan.memberships)};
}

} // namespace storage
