// SPDX-License-Identifier: Apache-2.0
#include "bench/workload.hpp"

#include <algorithm>
#include <cstdio>

#include "base/limits.hpp"
#include "bench/figure.hpp"

namespace bench {

namespace {

constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t fill_operations = 1000; ///< an entry
constexpr std::size_t fill_entries = 10;        ///< a transaction

void copy_wal(storage::state_machine& state, storage::checkpoint_mode mode) {
  if (!required(state.checkpoint(mode)).is_complete)
    throw std::runtime_error("a checkpoint was held back though nobody reads");
  required(state.restart_wal());
}

} // namespace

std::string key_of(std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "key-%09llu", static_cast<unsigned long long>(number));
  return text;
}

std::string random_rows::value() {
  std::string value(value_bytes, 'x');
  std::snprintf(value.data(), 17, "%016llx",
                static_cast<unsigned long long>(++values_ ^ random_()));
  value[16] = 'x';
  return value;
}

raft::entry entry_maker::next(const storage::command& what) {
  raft::entry made;
  made.id = {last_.index.next(), raft::term{1}};
  made.kind = raft::entry_kind::command;
  made.payload = raft::payload(storage::encode(what));
  made.chain = raft::next_chain(chain_, made.id, made.kind, made.payload.hash());
  last_ = made.id;
  chain_ = made.chain;
  return made;
}

storage::identity bench_identity() {
  storage::identity who;
  who.cluster_id = base::uuid_from_name("bench cluster");
  who.server = raft::server_id{1};
  who.incarnation = base::uuid_from_name("bench incarnation");
  who.log_uuid = base::uuid_from_name("bench log");
  return who;
}

void create_log(const std::filesystem::path& path) {
  auto who = bench_identity();
  raft::membership members;
  members.voters.push_back({who.server, who.incarnation, "", ""});
  storage::lmdb_log_options options;
  options.path = path.string();
  required(storage::lmdb_log_store::create(options, storage::genesis_seed(who, members)));
}

std::unique_ptr<storage::state_machine> make_filled_state(const std::filesystem::path& path,
                                                          std::uint64_t keys) {
  storage::sqlite_state_options options;
  options.path = path.string();
  std::unique_ptr<storage::state_machine> state =
      required(storage::sqlite_state_machine::create(options, bench_identity()));
  auto maker = maker_after(*state);
  random_rows rows(keys, 1);
  for (std::uint64_t next = 0; next < keys;) {
    std::vector<raft::entry> batch;
    while (batch.size() < fill_entries && next < keys) {
      storage::command what;
      for (auto end = std::min(keys, next + fill_operations); next < end; ++next)
        what.operations.push_back(storage::set_operation{key_of(next), rows.value()});
      batch.push_back(maker.next(what));
    }
    apply_committed(*state, batch);
    checkpoint_when_due(*state);
  }
  copy_wal(*state, storage::checkpoint_mode::truncate);
  return state;
}

entry_maker maker_after(const storage::state_machine& state) {
  return {state.meta().last_applied, state.meta().chain};
}

void apply_committed(storage::state_machine& state, const std::vector<raft::entry>& entries) {
  auto last = entries.back().id.index;
  required(state.apply(entries, {last.value, last}));
}

void checkpoint_when_due(storage::state_machine& state) {
  if (state.wal().frames * page_bytes >= base::limits::wal_passive_checkpoint_bytes)
    copy_wal(state, storage::checkpoint_mode::passive);
}

} // namespace bench
