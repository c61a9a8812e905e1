// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/raft/core_cluster.hpp"

namespace golden {

/// The servers of one transcript and the commands that move them (`help_text`). Every step
/// is followed by all invariants; a broken one is printed.
class stage {
public:
  std::string perform(const std::string& command_line);

private:
  using words = std::vector<std::string>;
  using server = raft_test::core_server;

  void make_cluster(const words& arguments);
  void make_disk(const words& arguments);
  void deliver(const words& arguments, bool is_lost);
  void answer(const words& arguments);
  void settle();
  void print_log(server& which);
  bool perform_completion(const std::string& verb, server& which);
  bool perform_input(const std::string& verb, server& which, const words& arguments);
  bool perform_change(const std::string& verb, server& which, const words& arguments);
  bool perform_snapshot(const std::string& verb, server& which, const words& arguments);
  void make_newcomer(const words& arguments);
  /// Each call begins a life, where the cluster has them.
  raft::core_config config_of(std::uint64_t id);
  bool perform_disk(const std::string& verb, server& which, const words& arguments);
  void print(const server& which, const std::string& text);
  void print(const server& which, const raft::ready& owed);
  void print_outcome(const server& which, const raft::ready& owed);
  server& at(const std::string& id);

  std::map<raft::server_id, server> servers_;
  raft::membership founders_;
  raft::core_config limits_;
  bool has_lives_ = false;
  std::map<raft::server_id, std::uint64_t> lives_;
  std::set<raft::server_id> held_; // left alone by `settle`
  std::string printed_;
};

/// The number that `word` is; throws otherwise.
std::uint64_t number_of(const std::string& word);

/// What each command does.
extern const char* const help_text;

} // namespace golden
