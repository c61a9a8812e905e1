// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/scripted_life.hpp"

#include <algorithm>
#include <filesystem>

#include "storage/install.hpp"
#include "storage/memory_state_machine.hpp"
#include "tests/support/two_stores.hpp"

namespace tests {

namespace {

using raft::log_index;
using raft::term;
constexpr auto partial_name = "incoming.db.partial";
constexpr std::uint64_t last_of_all = 44;
constexpr std::uint64_t snapshot_index = 34;

raft::entry entry_after(const raft::entry_id& before, const raft::chain_hash& chain, term of,
                        const storage::command& what) {
  raft::entry one;
  one.id = {before.index.next(), of};
  one.kind = raft::entry_kind::command;
  one.payload = raft::payload(storage::encode(what));
  one.chain = raft::next_chain(chain, one.id, one.kind, one.payload.hash());
  return one;
}

/// Few keys, written again and again, some of them over several pages, some removed.
storage::command command_for(std::uint64_t index) {
  auto key = "key" + std::to_string(index % 7);
  if (index % 11 == 0)
    return {{storage::delete_operation{key}}, {}};
  auto size = index % 5 == 0 ? 9000 : 60 + index % 13;
  return {{storage::set_operation{key, std::string(size, static_cast<char>('a' + index % 26))}},
          {}};
}

term term_of(std::uint64_t index) {
  return term{index <= 12 ? 1U : 3U};
}

template <class Value>
Value must(base::result<Value> outcome) {
  return two_stores::value_of(std::move(outcome));
}

} // namespace

prepared_life::prepared_life() : snapshot_at(snapshot_index) {
  two_stores node(storage::backend::sqlite, 3);
  who = node.who;
  history = must(node.log->read(log_index{1}, log_index{1}, 1));
  storage::memory_state_machine model(who);
  auto apply = [&](const raft::entry& entry) {
    REQUIRE(model.apply({entry}, {0, entry.id.index}));
    digest.push_back(model.meta().digest);
  };
  apply(history.front());
  while (history.size() < last_of_all) {
    const auto& before = history.back();
    auto index = before.id.index.value + 1;
    history.push_back(entry_after(before.id, before.chain, term_of(index), command_for(index)));
    apply(history.back());
  }
  two_stores ahead(storage::backend::sqlite, 3);
  ahead.remove(ahead.state_path());
  ahead.remove(ahead.wal());
  ahead.who = who;
  ahead.who.server = raft::server_id{2};
  ahead.create_state();
  REQUIRE(ahead.state->apply({history.begin(), history.begin() + snapshot_index},
                             {1000, log_index{snapshot_index}}));
  REQUIRE(ahead.state->write_snapshot(node.dir / partial_name));
  node.close();
  for (const auto& path :
       {node.log_path(), node.state_path(), node.wal(), (node.dir / partial_name).string()})
    if (std::filesystem::exists(path))
      files[std::filesystem::path(path).filename()] = two_stores::content(path);
}

scripted_life::scripted_life(const prepared_life& prepared, std::string directory,
                             recorded_disk& disk, replies when)
  : prepared_(prepared), directory_(std::move(directory)), disk_(disk), when_(when) {
  promise({log_index{1}, log_index{1}, term{}, {}});
}

scripted_life::~scripted_life() = default;

storage::store_paths scripted_life::paths() const {
  return {storage::backend::sqlite, directory_, directory_ + "/raft-log.lmdb",
          directory_ + "/state-machine.db"};
}

void scripted_life::promise(const promises& what) {
  promised_.push_back(what);
  disk_.note(promised_.size() - 1);
}

// The order of a node's days: writes, an election, entries that are replaced, checkpoints of
// both kinds, compaction, a snapshot from the leader.
void scripted_life::run() {
  using storage::checkpoint_mode;
  is_at_end_ = take(
                   "open", [this] { return open(); }, after_failure::tried_again)
               && write(2, 6)
               && take("checkpoint", [this] { return checkpoint(checkpoint_mode::passive); })
               && write(7, 12) && take("vote", [this] { return vote(); })
               && take("append", [this] { return append_what_is_replaced(); })
               && take("replace", [this] { return replace_tail(); }) && write(13, 18)
               && take("checkpoint", [this] { return checkpoint(checkpoint_mode::truncate); })
               && take("compact",
                       [this]() -> base::status {
                         auto done = log_->compact(log_->state().checkpoint_completed, 4, 1U << 20);
                         return done ? base::status{} : base::fail(done.error());
                       })
               && write(19, 24)
               && take("checkpoint", [this] { return checkpoint(checkpoint_mode::passive); })
               && write(25, 26) && install() && write(35, 40)
               && take("checkpoint", [this] { return checkpoint(checkpoint_mode::passive); })
               && write(41, last_of_all);
  state_.reset();
  log_.reset();
}

/// Appends and commits them, some together, and applies.
bool scripted_life::write(std::uint64_t from, std::uint64_t to) {
  bool goes_on = true;
  for (auto at = from; goes_on && at <= to;) {
    auto upper = std::min(to, at + at % 3);
    goes_on = take("append", [&] { return append_to(upper); })
              && take("commit", [&] { return commit_to(upper); })
              && take("apply", [&] { return apply_to(upper); });
    at = upper + 1;
  }
  return goes_on;
}

bool scripted_life::install() {
  constexpr auto again = after_failure::tried_again;
  return take(
             "prepare install", [this] { return prepare_install(); }, again)
         && take("record install", [this] { return record_install(); })
         && take("give up", [this] { return give_up(); })
         && take(
             "swap", [this] { return swap(); }, again)
         && take("finish install", [this] {
              if (!log_->state().pending)
                return base::status{};
              auto done = log_->finish_pending_install();
              if (done)
                promise({log_->state().last.index, prepared_.snapshot_at, term{3}, {}});
              return done;
            });
}

/// A full disk is waited for and tried again; after any other failure the store must not do
/// anything any more, and its owner ends.
bool scripted_life::take(const char* name, const step& what, after_failure expected) {
  using base::errc;
  try {
    auto done = what();
    if (done)
      return true;
    bool is_full = done.error().code == errc::storage_full || done.error().code == errc::busy;
    if (!is_full && expected == after_failure::tried_again)
      return false;
    auto again = what();
    if (!is_full && again)
      problem_ = std::string(name) + " succeeded after it failed: " + to_string(done.error());
    return is_full && again;
  } catch (const std::exception& failure) {
    problem_ = std::string(name) + " threw: " + failure.what();
    return false;
  }
}

base::status scripted_life::open() {
  log_.reset();
  state_.reset();
  storage::lmdb_log_options log;
  log.path = paths().log_path;
  log.map_bytes = two_stores::map_bytes;
  auto opened = storage::lmdb_log_store::open(log);
  if (!opened)
    return base::fail(opened.error());
  log_ = std::move(*opened);
  storage::sqlite_state_options options;
  options.path = paths().state_path;
  auto state = storage::sqlite_state_machine::open(options);
  if (!state)
    return base::fail(state.error());
  state_ = std::move(*state);
  return {};
}

base::status scripted_life::persist(storage::log_batch batch, const promises& promised) {
  if (when_ == replies::before_sync)
    promise(promised);
  auto done = log_->append(batch);
  if (done && when_ == replies::after_sync)
    promise(promised);
  return done;
}

base::status scripted_life::append_to(std::uint64_t index) {
  auto hard = log_->state().hard_state;
  auto said = promised_.back();
  storage::log_batch batch;
  for (auto at = log_->state().last.index.value; at < index; ++at)
    batch.entries.push_back(prepared_.history[at]);
  if (batch.entries.empty())
    return {};
  if (hard.current_term < batch.entries.back().id.term) {
    hard = {batch.entries.back().id.term, {}, hard.commit_index};
    said.vote = {};
  }
  batch.hard_state = hard;
  said.last = log_index{index};
  said.term = hard.current_term;
  return persist(std::move(batch), said);
}

base::status scripted_life::commit_to(std::uint64_t index) {
  auto hard = log_->state().hard_state;
  if (hard.commit_index >= log_index{index})
    return {};
  hard.commit_index = log_index{index};
  auto said = promised_.back();
  said.committed = log_index{index};
  return persist({{}, std::nullopt, hard}, said);
}

base::status scripted_life::apply_to(std::uint64_t index) {
  auto first = state_->meta().last_applied.index.next();
  if (first > log_index{index})
    return {};
  auto entries = log_->read(first, log_index{index}, 1U << 20);
  if (!entries)
    return base::fail(entries.error());
  auto applied =
      state_->apply(*entries, {log_->state().write_counter, log_->state().hard_state.commit_index});
  return applied ? base::status{} : base::fail(applied.error());
}

base::status scripted_life::checkpoint(storage::checkpoint_mode mode) {
  auto index = state_->meta().last_applied.index;
  if (auto done = log_->set_checkpoint_started(index); !done)
    return done;
  auto report = state_->checkpoint(mode);
  if (!report)
    return base::fail(report.error());
  if (!report->is_complete)
    return base::fail(base::errc::busy, "nobody holds it up");
  if (auto done = log_->set_checkpoint_completed(index); !done)
    return done;
  auto restarted = state_->restart_wal();
  return restarted ? base::status{} : base::fail(restarted.error());
}

base::status scripted_life::vote() {
  auto said = promised_.back();
  said.term = term{2};
  said.vote = raft::server_id{3};
  return persist({{}, std::nullopt, {said.term, said.vote, log_->state().hard_state.commit_index}},
                 said);
}

base::status scripted_life::append_what_is_replaced() {
  auto before = prepared_.history[11];
  storage::log_batch batch;
  for (int i = 0; i < 2; ++i)
    batch.entries.push_back(entry_after(i == 0 ? before.id : batch.entries.back().id,
                                        i == 0 ? before.chain : batch.entries.back().chain, term{2},
                                        command_for(100)));
  if (log_->state().last.index.value > 12)
    return {};
  batch.hard_state = log_->state().hard_state;
  auto said = promised_.back();
  said.last = log_index{14};
  return persist(std::move(batch), said);
}

base::status scripted_life::replace_tail() {
  auto said = promised_.back();
  said.last = log_index{12}; // another leader has said so
  said.term = term{2};
  promise(said);
  storage::log_batch batch;
  batch.entries = {prepared_.history[12], prepared_.history[13]};
  batch.truncate_from = log_index{13};
  batch.hard_state = {term{3}, {}, log_->state().hard_state.commit_index};
  said = {log_index{14}, said.committed, term{3}, {}};
  return persist(std::move(batch), said);
}

base::status scripted_life::prepare_install() {
  auto partial = directory_ + "/" + partial_name;
  auto ready = storage::transfer_paths(paths());
  auto name = ready.prepared_name({prepared_.snapshot_at, term{3}});
  if (std::filesystem::exists(ready.prepared(name)))
    return {};
  auto report = storage::prepare_install(
      paths(), partial, ready.prepared(name), prepared_.who,
      {log_->state().write_counter, log_->state().hard_state.commit_index}, two_stores::map_bytes);
  return report ? base::status{} : base::fail(report.error());
}

base::status scripted_life::record_install() {
  auto index = prepared_.snapshot_at;
  const auto& last = prepared_.history[index.value - 1];
  storage::pending_install pending;
  pending.point = {last.id, last.chain, log_->state().membership};
  pending.digest = prepared_.digest[index.value - 1];
  pending.file = storage::transfer_paths(paths()).prepared_name(last.id);
  return log_->set_pending_install(pending);
}

base::status scripted_life::give_up() {
  if (auto done = log_->set_checkpoint_started(state_->meta().last_applied.index); !done)
    return done;
  return state_->give_up();
}

base::status scripted_life::swap() {
  state_.reset();
  auto files = storage::transfer_paths(paths());
  auto ready = files.prepared(log_->state().pending->file);
  if (std::filesystem::exists(ready))
    if (auto done = storage::swap_state_file(paths(), ready); !done)
      return done;
  storage::sqlite_state_options options;
  options.path = paths().state_path;
  auto state = storage::sqlite_state_machine::open(options);
  if (!state)
    return base::fail(state.error());
  state_ = std::move(*state);
  return {};
}

} // namespace tests
