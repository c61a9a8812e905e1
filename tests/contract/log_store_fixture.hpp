// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/lmdb_log_store.hpp"
#include "storage/log_seed.hpp"
#include "storage/memory_log_store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {

inline raft::membership one_voter() {
  raft::membership members;
  members.voters.push_back({raft::server_id{1}, base::random_uuid(), "", "127.0.0.1:8080"});
  return members;
}

inline storage::log_seed fresh_seed() {
  return storage::genesis_seed(
      {base::random_uuid(), raft::server_id{1}, base::random_uuid(), base::random_uuid()},
      one_voter());
}

struct memory_log {
  static constexpr bool is_durable = false;
  std::unique_ptr<storage::log_store> make(const storage::log_seed& seed) {
    return std::make_unique<storage::memory_log_store>(seed);
  }
};

struct lmdb_log {
  static constexpr bool is_durable = true;
  std::unique_ptr<storage::log_store> make(const storage::log_seed& seed) {
    REQUIRE(storage::lmdb_log_store::create(options(), seed));
    return open();
  }
  std::unique_ptr<storage::log_store> open() {
    auto opened = storage::lmdb_log_store::open(options());
    if (!opened)
      FAIL(to_string(opened.error()));
    return std::move(*opened);
  }
  storage::lmdb_log_options options() const {
    storage::lmdb_log_options made;
    made.path = dir / "raft-log.lmdb";
    made.map_bytes = std::uint64_t{64} << 20;
    return made;
  }
  temp_dir dir{"log"};
};

/// A log store of kind `Kind` with a cluster's first entry in it, and words to extend it.
template <class Kind>
class log_fixture {
public:
  log_fixture() : seed(fresh_seed()), store(kind.make(seed)) {}

  const storage::log_state& state() const { return store->state(); }

  /// Entries after `before`, of one term, with these payloads.
  static std::vector<raft::entry> follow(raft::entry_id before, raft::chain_hash chain,
                                         std::uint64_t term,
                                         const std::vector<std::string>& payloads) {
    std::vector<raft::entry> made;
    for (const auto& text : payloads) {
      raft::entry one;
      one.id = {before.index.next(), raft::term{term}};
      one.kind = raft::entry_kind::command;
      one.leader_time_ms = 1700000000000;
      one.trace = base::random_uuid();
      one.payload = raft::payload(text);
      one.chain = raft::next_chain(chain, one.id, one.kind, one.payload.hash());
      before = one.id;
      chain = one.chain;
      made.push_back(std::move(one));
    }
    return made;
  }

  std::vector<raft::entry> next(std::uint64_t term,
                                const std::vector<std::string>& payloads) const {
    return follow(state().last, state().last_chain, term, payloads);
  }

  /// A batch that appends these entries and, by default, commits nothing new.
  storage::log_batch batch(std::vector<raft::entry> entries) const {
    storage::log_batch made{std::move(entries), std::nullopt, state().hard_state};
    if (!made.entries.empty())
      made.hard_state.current_term =
          std::max(made.hard_state.current_term, made.entries.back().id.term);
    return made;
  }

  void append(std::uint64_t term, const std::vector<std::string>& payloads) {
    REQUIRE(store->append(batch(next(term, payloads))));
  }
  /// `count` entries "1", "2", … of one term.
  void append_many(std::uint64_t term, int count) {
    std::vector<std::string> payloads;
    for (int i = 1; i <= count; ++i)
      payloads.push_back(std::to_string(i));
    append(term, payloads);
  }
  void commit(std::uint64_t index) {
    auto committed = batch({});
    committed.hard_state.commit_index = raft::log_index{index};
    REQUIRE(store->append(committed));
  }
  void checkpoint(std::uint64_t index) {
    REQUIRE(store->set_checkpoint_started(raft::log_index{index}));
    REQUIRE(store->set_checkpoint_completed(raft::log_index{index}));
  }
  std::vector<raft::entry> read(std::uint64_t first, std::uint64_t last,
                                std::size_t bytes_max = 1 << 20) {
    auto found = store->read(raft::log_index{first}, raft::log_index{last}, bytes_max);
    if (!found)
      FAIL(to_string(found.error()));
    return *found;
  }
  std::string payload(std::uint64_t index) { return read(index, index)[0].payload.bytes(); }
  raft::entry at(std::uint64_t index) { return read(index, index)[0]; }

  storage::pending_install install_at(std::uint64_t index, std::uint64_t term,
                                      raft::chain_hash chain) const {
    return {{{raft::log_index{index}, raft::term{term}}, chain, one_voter()},
            {{1, 2, 3, 4}},
            "install-7-1.db"};
  }

  /// Nothing for a store in memory, whose life ends with the object.
  void reopen() {
    if constexpr (Kind::is_durable) {
      store.reset();
      store = kind.open();
    }
  }

  Kind kind;
  storage::log_seed seed;
  std::unique_ptr<storage::log_store> store;
};

} // namespace tests
