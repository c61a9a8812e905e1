// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "raft/types.hpp"
#include "storage/command.hpp"
#include "storage/types.hpp"

namespace tests {

/// Makes the entries of one log as a leader would: indexes follow on, chains continue.
class entry_source {
public:
  explicit entry_source(const base::uuid& cluster) : chain_(raft::chain_seed(cluster)) {}

  raft::entry make(raft::entry_kind kind, std::string payload) {
    raft::entry entry;
    last_.index = last_.index.next();
    entry.id = last_;
    entry.kind = kind;
    entry.payload = raft::payload(std::move(payload));
    chain_ = raft::next_chain(chain_, entry.id, kind, entry.payload.hash());
    entry.chain = chain_;
    return entry;
  }

  raft::entry no_op() { return make(raft::entry_kind::no_op, {}); }
  raft::entry membership(const raft::membership& members) {
    return make(raft::entry_kind::membership, raft::encode(members));
  }
  raft::entry command(storage::command what) {
    return make(raft::entry_kind::command, storage::encode(what));
  }
  raft::entry batch(std::vector<storage::operation> operations) {
    return command({std::move(operations), {}});
  }
  raft::entry set(std::string key, std::string value, storage::precondition wanted = {}) {
    return command({{storage::set_operation{std::move(key), std::move(value)}}, wanted});
  }
  raft::entry remove(std::string key, storage::precondition wanted = {}) {
    return command({{storage::delete_operation{std::move(key)}}, wanted});
  }

  void begin_term(raft::term term) { last_.term = term; }
  raft::entry_id last() const { return last_; }
  /// Goes on after an entry that was not applied.
  void go_back_to(const raft::entry_id& id, const raft::chain_hash& chain) {
    last_ = id;
    chain_ = chain;
  }

private:
  raft::entry_id last_{{}, raft::term{1}};
  raft::chain_hash chain_;
};

} // namespace tests
