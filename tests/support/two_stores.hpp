// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "storage/command.hpp"
#include "storage/cross_check.hpp"
#include "storage/lmdb_log_store.hpp"
#include "storage/lmdb_state_machine.hpp"
#include "storage/sqlite_inspect.hpp"
#include "storage/sqlite_snapshot.hpp"
#include "storage/sqlite_state_machine.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {

/// A node's two stores in a directory of their own, moved as a sole voter moves them, then
/// closed, damaged and checked.
class two_stores {
public:
  static constexpr std::uint64_t map_bytes = std::uint64_t{64} << 20;

  /// With more than one voter, the others exist in the configuration alone.
  explicit two_stores(storage::backend kind = storage::backend::sqlite, std::uint64_t voters = 1)
    : kind_(kind), voters_(voters) {
    found();
  }

  /// A new cluster; this is server number 1.
  void found() {
    close();
    who = {base::random_uuid(), raft::server_id{1}, base::random_uuid(), base::random_uuid()};
    members = {};
    members.voters.push_back({who.server, who.incarnation, "", "127.0.0.1:8080"});
    for (std::uint64_t other = 2; other <= voters_; ++other)
      members.voters.push_back({raft::server_id{other}, base::random_uuid(), "", ""});
    REQUIRE(storage::lmdb_log_store::create(log_options(), storage::genesis_seed(who, members)));
    open_log();
    create_state();
    apply_to(1);
  }

  void create_state() {
    if (kind_ == storage::backend::sqlite)
      state = value_of(storage::sqlite_state_machine::create(sqlite_options(), who));
    else
      state = value_of(storage::lmdb_state_machine::create(lmdb_options(), who));
  }
  void open_log() { log = value_of(storage::lmdb_log_store::open(log_options())); }
  void open() {
    open_log();
    if (kind_ == storage::backend::sqlite)
      state = value_of(storage::sqlite_state_machine::open(sqlite_options()));
    else
      state = value_of(storage::lmdb_state_machine::open(lmdb_options()));
  }
  void close() {
    state.reset();
    log.reset();
  }

  /// Appends a put, committed in the same transaction. Not applied.
  void commit(const std::string& key, const std::string& value = "value") {
    raft::entry one;
    const auto& now = log->state();
    one.id = {now.last.index.next(), raft::term{1}};
    one.kind = raft::entry_kind::command;
    storage::command what{{storage::set_operation{key, value}}, {}};
    one.payload = raft::payload(storage::encode(what));
    one.chain = raft::next_chain(now.last_chain, one.id, one.kind, one.payload.hash());
    auto next = one.id.index;
    REQUIRE(log->append({{std::move(one)}, std::nullopt, {raft::term{1}, who.server, next}}));
  }
  void apply_to(std::uint64_t index) {
    auto entries = value_of(
        log->read(state->meta().last_applied.index.next(), raft::log_index{index}, 1U << 30));
    storage::log_watermark mark{log->state().write_counter, log->state().hard_state.commit_index};
    auto applied = state->apply(entries, mark);
    if (!applied)
      FAIL(to_string(applied.error()));
  }
  void put(const std::string& key, const std::string& value = "value") {
    commit(key, value);
    apply_to(log->state().last.index.value);
  }
  void put_many(int count) {
    for (int i = 0; i < count; ++i)
      put("key" + std::to_string(i), std::string(200, 'v'));
  }
  /// Complete, with its marks, in the order of rule 11.
  void checkpoint() {
    auto index = state->meta().last_applied.index;
    REQUIRE(log->set_checkpoint_started(index));
    if (state->has_wal()) {
      REQUIRE(value_of(state->checkpoint(storage::checkpoint_mode::passive)).is_complete);
    }
    REQUIRE(log->set_checkpoint_completed(index));
    if (state->has_wal())
      REQUIRE(value_of(state->restart_wal()));
  }
  void compact() { REQUIRE(log->compact(log->state().checkpoint_completed, 0, 0)); }

  /// The report on the closed stores.
  storage::check_report check(storage::check_options options = {}) {
    close();
    if (options.expected_server == raft::server_id{})
      options.expected_server = raft::server_id{1};
    return storage::cross_check(paths(), options);
  }
  /// Checks, and expects the stores to be accepted.
  storage::check_report check_ok() {
    auto report = check();
    for (const auto& one : report.findings)
      if (one.is_violated)
        UNSCOPED_INFO(one.rule << ": " << one.text);
    CHECK(report.verdict == storage::verdict::ok);
    return report;
  }

  storage::store_paths paths() const {
    return {kind_, dir.path().string(), log_path(), state_path()};
  }
  std::string log_path() const { return dir / "raft-log.lmdb"; }
  std::string state_path() const {
    return dir / (kind_ == storage::backend::sqlite ? "state-machine.db" : "state-machine.lmdb");
  }
  std::string wal() const { return state_path() + "-wal"; }

  void remove(const std::string& path) {
    close();
    std::filesystem::remove(path);
  }
  /// Copies of the closed files, to be put back later.
  std::string keep(const std::string& path, const std::string& name) {
    close();
    auto to = (dir / name).string();
    std::filesystem::copy_file(path, to, std::filesystem::copy_options::overwrite_existing);
    return to;
  }
  void put_back(const std::string& from, const std::string& to) {
    close();
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  }
  static std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void set_content(const std::string& path, const std::string& bytes) {
    close();
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  /// Changes the closed log through LMDB itself.
  template <class Edit>
  void edit_log(Edit how) {
    close();
    auto file = value_of(storage::lmdb_environment::open(
        {log_path(), storage::lmdb_access::existing, map_bytes, {}}));
    auto txn = value_of(file->begin_write());
    auto tables = value_of(storage::open_log_tables(txn, false));
    how(txn, tables);
    REQUIRE(txn.commit());
  }

  template <class Value>
  static Value value_of(base::result<Value> outcome) {
    if (!outcome)
      FAIL(to_string(outcome.error()));
    return std::move(*outcome);
  }

  storage::lmdb_log_options log_options() const {
    storage::lmdb_log_options options;
    options.path = log_path();
    options.map_bytes = map_bytes;
    return options;
  }
  storage::sqlite_state_options sqlite_options() const {
    storage::sqlite_state_options options;
    options.path = state_path();
    return options;
  }
  storage::lmdb_state_options lmdb_options() const { return {state_path(), map_bytes, {}}; }

  temp_dir dir{"two-stores"};
  storage::identity who;
  raft::membership members;
  std::unique_ptr<storage::log_store> log;
  std::unique_ptr<storage::state_machine> state;

private:
  storage::backend kind_;
  std::uint64_t voters_;
};

/// The text of a violated rule; empty when it holds or was not looked at.
inline std::string violation(const storage::check_report& report, const std::string& rule) {
  for (const auto& one : report.findings)
    if (one.is_violated && one.rule == rule)
      return one.text;
  return {};
}
inline std::size_t violations(const storage::check_report& report) {
  std::size_t count = 0;
  for (const auto& one : report.findings)
    count += one.is_violated ? 1 : 0;
  return count;
}

} // namespace tests
