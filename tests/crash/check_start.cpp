// SPDX-License-Identifier: Apache-2.0
// A start on the files that a crash left, judged by what was promised before it.
#include "storage/install.hpp"
#include "storage/lmdb_log_store.hpp"
#include "storage/set_aside.hpp"
#include "storage/sqlite_inspect.hpp"
#include "storage/sqlite_state_machine.hpp"
#include "tests/crash/scripted_life.hpp"

namespace tests {

namespace {

using raft::log_index;
constexpr std::uint64_t map_bytes = std::uint64_t{64} << 20;

std::string text_of(log_index index) {
  return std::to_string(index.value);
}

/// The stores of a node that starts; `problem` says why it does not, or what is missing.
class started_node {
public:
  started_node(const prepared_life& prepared, const std::string& directory)
    : prepared_(prepared), paths_{storage::backend::sqlite, directory, directory + "/raft-log.lmdb",
                                  directory + "/state-machine.db"} {}

  std::string look(const promises& promised) {
    check();
    if (problem_.empty())
      open();
    if (problem_.empty())
      apply();
    if (problem_.empty())
      compare(promised);
    if (problem_.empty())
      compare_entries();
    return problem_;
  }

private:
  template <class Outcome>
  bool is_well(const char* doing, const Outcome& outcome) {
    if (!outcome)
      problem_ = std::string(doing) + ": " + to_string(outcome.error());
    return outcome.has_value();
  }

  void check() {
    storage::check_options options;
    options.digest_budget = std::chrono::minutes(1);
    options.expected_server = prepared_.who.server;
    report_ = storage::cross_check(paths_, options);
    if (report_.verdict == storage::verdict::ok && !report_.state_is_lost)
      return;
    problem_ = "verdict " + std::string(to_string(report_.verdict));
    for (const auto& one : report_.findings)
      if (one.is_violated)
        problem_ += "; " + one.rule + ": " + one.text;
  }

  void open() {
    storage::lmdb_log_options log;
    log.path = paths_.log_path;
    log.map_bytes = map_bytes;
    auto opened = storage::lmdb_log_store::open(log);
    if (!is_well("open the log", opened))
      return;
    log_ = std::move(*opened);
    if (!is_well("resume", storage::resume_install(paths_, report_.install, *log_)))
      return;
    if (report_.wal_must_be_set_aside
        && !is_well("set the WAL aside", storage::set_wal_aside(paths_.state_path)))
      return;
    storage::sqlite_state_options options;
    options.path = paths_.state_path;
    auto state = storage::sqlite_state_machine::open(options);
    if (is_well("open the state", state))
      state_ = std::move(*state);
  }

  void apply() {
    const auto& log = log_->state();
    auto first = state_->meta().last_applied.index.next();
    if (first > log.hard_state.commit_index)
      return;
    auto entries = log_->read(first, log.hard_state.commit_index, 1U << 24);
    if (is_well("read what is committed", entries))
      is_well("apply it",
              state_->apply(*entries, {log.write_counter, log.hard_state.commit_index}));
  }

  void expect(bool holds, const std::string& otherwise) {
    if (!holds && problem_.empty())
      problem_ = otherwise;
  }

  void compare(const promises& promised) {
    const auto& log = log_->state();
    auto commit = log.hard_state.commit_index;
    expect(log.last.index >= promised.last, "the log ends at " + text_of(log.last.index)
                                                + ", accepted was " + text_of(promised.last));
    expect(commit >= promised.committed,
           "committed is " + text_of(commit) + ", acknowledged was " + text_of(promised.committed));
    const auto& hard = log.hard_state;
    expect(hard.current_term >= promised.term, "a term is forgotten");
    expect(hard.current_term != promised.term || promised.vote == raft::server_id{}
               || hard.voted_for == promised.vote,
           "a vote is forgotten");
    auto rows = state_->verify_rows([] { return true; });
    if (!is_well("verify the rows", rows))
      return;
    const auto& meta = state_->meta();
    expect(meta.last_applied.index == commit, "the state is at " + text_of(meta.last_applied.index)
                                                  + " and not at " + text_of(commit));
    expect(commit.value >= 1 && commit.value <= prepared_.digest.size(),
           "more is committed than ever was");
    expect(!problem_.empty()
               || (*rows && **rows == prepared_.digest[commit.value - 1] && **rows == meta.digest),
           "the rows at " + text_of(commit) + " are not those of the history");
  }

  void compare_entries() {
    const auto& log = log_->state();
    auto first = log.snapshot.id.index.next();
    if (first > log.hard_state.commit_index)
      return;
    auto entries = log_->read(first, log.hard_state.commit_index, 1U << 24);
    if (!is_well("read the log", entries))
      return;
    for (const auto& one : *entries)
      expect(one.chain == prepared_.history[one.id.index.value - 1].chain,
             "entry " + text_of(one.id.index) + " is another");
  }

  const prepared_life& prepared_;
  storage::store_paths paths_;
  storage::check_report report_;
  std::unique_ptr<storage::log_store> log_;
  std::unique_ptr<storage::state_machine> state_;
  std::string problem_;
};

} // namespace

std::string check_start(const prepared_life& prepared, const std::string& directory,
                        const promises& promised) {
  return started_node(prepared, directory).look(promised);
}

} // namespace tests
