// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "raft/format.hpp"
#include "tests/golden/stage.hpp"

/// The commands about who takes part, who leads, and what travels as a snapshot.
namespace golden {

using namespace raft;

void stage::make_newcomer(const words& arguments) {
  auto config = config_of(number_of(arguments.at(0)));
  auto fresh = servers_.insert_or_assign(
      config.self, server(config, raft_test::memory_disk(config.cluster_id), config.self.value));
  print(fresh.first->second, fresh.first->second.start());
}

bool stage::perform_change(const std::string& verb, server& which, const words& arguments) {
  auto id = [&](std::size_t at) { return server_id{number_of(arguments.at(at))}; };
  membership_change change;
  if (verb == "add") {
    auto who = servers_.find(id(2));
    auto life = who == servers_.end() ? incarnation{} : who->second.life().incarnation;
    change = add_learner{{id(2), life, "", ""}};
  } else if (verb == "promote")
    change = promote_learner{id(2)};
  else if (verb == "remove")
    change = remove_member{id(2)};
  else if (verb == "transfer") {
    auto owed = which.transfer(id(1).value);
    print(which, to_string(which.last_transfer()));
    print(which, owed);
    return true;
  } else if (verb == "disk_full") {
    print(which, which.disk_full(arguments.at(1) == "yes"));
    return true;
  } else
    return false;
  auto owed = which.change(number_of(arguments.at(1)), change);
  print(which, to_string(which.last_change()));
  print(which, owed);
  return true;
}

bool stage::perform_snapshot(const std::string& verb, server& which, const words& arguments) {
  if (verb != "stream" && verb != "lose_stream")
    return false;
  auto& to = at(arguments.at(1));
  std::erase_if(which.snapshots_to_send, [&](const auto& each) { return each.to == to.id(); });
  if (verb == "lose_stream") {
    print(which, which.snapshot_failed(to.id()));
    return true;
  }
  auto point = which.disk().state_point().id;
  printed_ += std::to_string(which.id().value) + " -> " + std::to_string(to.id().value)
              + " snapshot " + to_string(point) + "\n";
  if (!to.receive_snapshot(which.disk()))
    print(to, "of no use");
  else if (to.is_installing())
    print(to, "install " + to_string(point));
  print(which, which.snapshot_sent(to.id(), point));
  return true;
}

} // namespace golden
