// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/cluster.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "raft/membership.hpp"

namespace sim {

namespace {

// Elections take a few timeouts of 2 s, by clocks that may be a quarter slow.
constexpr sim_time liveness_bound = 30 * second;
// The majority goes on for a while, so that the others fall behind one and the same leader.
constexpr sim_time calm_max = 8 * second;

raft::membership founders_of(std::size_t count) {
  raft::membership made;
  for (std::uint64_t id = 1; id <= count; ++id)
    made.voters.push_back({raft::server_id{id},
                           base::uuid_from_name(name_of_life(raft::server_id{id}, 0)),
                           "server-" + std::to_string(id) + ":1", ""});
  return made;
}

server_habits server_habits_of(dice& random) {
  server_habits made;
  made.window_entries = random.pick(std::vector<std::size_t>{4, 64, 4096});
  made.log_entries_kept = random.pick(std::vector<std::uint64_t>{5, 50, 10000});
  made.has_leases = random.happens(350);
  made.proposals_in_flight_max = random.pick(std::vector<std::uint64_t>{3, 1000});
  return made;
}

client_habits client_habits_of(dice& random) {
  client_habits made;
  made.clients = random.between(2, 8);
  made.keys = random.between(1, keys_max);
  made.think_max = random.pick(std::vector<sim_time>{20, 100, 300, 600}) * millisecond;
  made.reads_per_mille = random.between(200, 700);
  made.conditional_per_mille = random.below(400);
  made.shift = random.happens(400) ? random.between(3, 8) * second : 0;
  return made;
}

} // namespace

cluster::cluster(const settings& what) : what_(what), random_(what.seed), judge_(report_) {
  auto count = what.servers != 0 ? what.servers : 3 + 2 * random_.below(3);
  report_.servers = count;
  links_ = std::make_unique<network>(
      clock_, random_.fork(1),
      [this](raft::server_id from, std::uint64_t life, raft::server_id to,
             const raft::message& body) {
        BASE_CHECK(to.value >= 1 && to.value <= servers_.size(), "a message goes to a server");
        servers_[to.value - 1]->deliver({from, base::uuid_from_name(name_of_life(from, life))},
                                        body);
      });
  auto cluster_id = base::uuid_from_name("a simulated cluster");
  auto founders = founders_of(count);
  judge_.founded(raft::founding_entry(cluster_id, founders));
  auto habits = server_habits_of(random_);
  around_.reset(new surroundings{
      what_, clock_, *links_, judge_, report_, cluster_id, founders, habits,
      [this](auto operation, const auto& answer) { clients_->answer(operation, answer); },
      [this](raft::server_id id) {
        return id.value >= 1 && id.value <= servers_.size() ? servers_[id.value - 1].get()
                                                            : nullptr;
      }});
  make_servers(count, 2);
  clients_ = std::make_unique<clients>(clock_, judge_, report_, client_habits_of(random_),
                                       random_.fork(2), everybody());
  // A lease of 8 of 10 ticks stands two clocks that are 9 % wrong, each its way.
  nemesis_ = std::make_unique<nemesis>(clock_, *links_, judge_, report_, random_.fork(3),
                                       everybody(), habits.has_leases ? 90 : 200);
  operators_ = std::make_unique<operators>(clock_, judge_, report_, random_.fork(4), everybody());
}

void cluster::make_servers(std::size_t founders, std::size_t others) {
  for (std::uint64_t id = 1; id <= founders + others; ++id) {
    servers_.push_back(std::make_unique<server>(
        raft::server_id{id}, id <= founders ? around_->founders : raft::membership{}, *around_,
        random_.fork(100 + id)));
    judge_.joined(*servers_.back());
  }
}

std::vector<server*> cluster::everybody() const {
  std::vector<server*> all;
  for (const auto& each : servers_)
    all.push_back(each.get());
  return all;
}

report cluster::run() {
  try {
    live();
  } catch (const std::exception& why) {
    report_.is_ok = false;
    report_.why = why.what();
    if (what_.trace != nullptr)
      describe(*what_.trace);
  }
  report_.at = clock_.now();
  report_.steps = clock_.steps();
  report_.messages = links_->delivered();
  return report_;
}

// For a person: how everybody stands.
void cluster::describe(std::ostream& out) const {
  for (const auto& each : servers_) {
    out << "s" << each->id().value << (each->is_running() ? "" : " is down")
        << (each->is_paused() ? " is paused" : "") << ", hears";
    for (const auto& other : servers_)
      if (other != each && !links_->is_cut(other->id(), each->id()))
        out << " s" << other->id().value;
    if (each->is_running()) {
      auto now = each->protocol().status();
      out << ", role " << static_cast<int>(now.role) << " term " << now.current_term.value
          << " leader " << now.leader.value << " last " << now.last_index.value << " durable "
          << now.durable_index.value << " commit " << now.commit_index.value << " applied "
          << now.last_applied.value << " matched";
      for (auto [peer, match] : raft::invariant_checker::match_indexes(each->protocol()))
        out << " s" << peer.value << ":" << match.value;
    }
    out << '\n';
  }
}

void cluster::live() {
  for (auto& each : servers_)
    each->start();
  clients_->start();
  storm();
  serve_with_a_majority();
  converge();
  judge_history();
}

template <class Predicate>
bool cluster::until(sim_time bound, Predicate&& is_done) {
  auto end = clock_.now() + bound;
  while (!is_done())
    if (!clock_.step(end))
      return false;
  return true;
}

void cluster::storm() {
  nemesis_->begin();
  operators_->begin();
  until(what_.storm, [] { return false; });
  nemesis_->end();
  operators_->end();
}

bool cluster::is_majority(const std::vector<server*>& some) const {
  auto is_majority_of = [&some](const std::vector<raft::member>& voters) {
    auto count = std::count_if(voters.begin(), voters.end(), [&some](const raft::member& each) {
      return std::any_of(some.begin(), some.end(), [&each](const server* one) {
        return each.is({one->id(), one->incarnation()}) && !one->stores().is_state_lost();
      });
    });
    return static_cast<std::size_t>(count) * 2 > voters.size();
  };
  auto holds = [&](const raft::membership& members) {
    return is_majority_of(members.voters)
           && (!members.is_joint() || is_majority_of(members.outgoing_voters));
  };
  return holds(judge_.committed_membership())
         && std::all_of(servers_.begin(), servers_.end(), [&](const auto& each) {
              const auto& newest = each->stores().log_state().membership;
              return newest.voters.empty() || holds(newest)
                     || each->stores().log_state().last.index < judge_.committed_index();
            });
}

std::vector<server*> cluster::choose_core() {
  auto order = everybody();
  random_.shuffle(order);
  std::vector<server*> core;
  for (auto* each : order) {
    core.push_back(each);
    if (is_majority(core))
      break;
  }
  return core;
}

// Liveness as in TigerBeetle: a majority that is well must serve, whatever the others do.
void cluster::serve_with_a_majority() {
  auto core = choose_core();
  nemesis_->spare(core);
  clients_->prefer(core);
  clients_->mark();
  bool serves = until(liveness_bound, [this] {
    return clients_->writes_since_mark() > 0 && clients_->reads_since_mark() > 0;
  });
  BASE_CHECK(serves, "liveness: a majority in good order serves writes and reads within 30 s");
  until(random_.below(calm_max), [] { return false; });
}

bool cluster::is_member(const server& one) const {
  return judge_.committed_membership().is_member({one.id(), one.incarnation()});
}

bool cluster::is_converged() const {
  bool has_leader = false;
  for (const auto& each : servers_) {
    if (!is_member(*each))
      continue;
    if (!each->is_running())
      return false;
    auto now = each->protocol().status();
    has_leader = has_leader || now.role == raft::role_name::leader;
    if (now.last_index != judge_.committed_index() || now.last_applied != now.last_index
        || each->stores().state().last_applied().index != now.last_index)
      return false;
  }
  return has_leader;
}

void cluster::converge() {
  nemesis_->repair_all();
  clients_->stop();
  // Asked now and then: it looks at every server.
  bool is_done =
      until(liveness_bound, [this] { return clock_.steps() % 64 == 0 && is_converged(); });
  BASE_CHECK(is_done, "liveness: repaired servers all come to the same state within 30 s");
}

void cluster::judge_history() const {
  auto found = linearizability::judge(clients_->history());
  BASE_CHECK(found.what == linearizability::verdict::linearizable, "linearizability: " + found.why);
}

report simulate(const settings& what) {
  return cluster(what).run();
}

} // namespace sim
