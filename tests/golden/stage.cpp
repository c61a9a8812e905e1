// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/stage.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "base/check.hpp"
#include "raft/format.hpp"

namespace golden {

using namespace raft;

const char* const help_text =
    "cluster IDS [learner=ID] [proposals_max=N] [reads_max=N] [log_kept=N] [leases] [lives]   "
    "found it\n"
    "disk ID term=T TERMS...      its log: the founding entry, then entries of these terms\n"
    "start ID                     the process starts from its disk\n"
    "crash ID [persist] [apply]   it dies; the writes named reached the disk\n"
    "lose_state_machine ID        what was applied is gone\n"
    "damage ID FIRST LAST         the records of these entries can no longer be read\n"
    "keep ID N                    its store keeps N entries when it compacts\n"
    "tick ID [N]                  time passes\n"
    "put ID REQUEST BYTES [needs_apply]     propose\n"
    "puts ID FIRST END            propose r<number> for [FIRST, END)\n"
    "read ID REQUEST              ask for a read index\n"
    "wait ID REQUEST INDEX        ask to be told when INDEX is applied\n"
    "forget ID REQUEST            no longer wait\n"
    "digest ID INDEX VALUE        its state machine recorded that digest there\n"
    "checkpoint ID INDEX          a checkpoint holds the state at INDEX\n"
    "newcomer ID                  a server that waits to be let in starts with an empty log\n"
    "wipe ID                      all it had is gone; it waits to be let in, in another life\n"
    "add | promote | remove ID REQUEST WHO  a change of membership is asked of ID\n"
    "transfer ID WHO              hand leadership over; WHO 0: to the best\n"
    "disk_full ID yes | no        its disk has no room\n"
    "stream FROM TO               the snapshot that FROM is to send arrives, verified\n"
    "lose_stream FROM TO          it does not\n"
    "persisted | applied | log_read | compacted | timer | installed | repaired ID   what was "
    "asked for is done\n"
    "deliver FROM TO | lose FROM TO         the messages that wait on that way\n"
    "answer FROM TO accepted INDEX [ROUND]  a reply made by hand, in TO's term\n"
    "hold ID | release ID         settle leaves it alone: its disk, and messages from and to it\n"
    "settle                       disks end their work and messages arrive, until all is quiet\n"
    "status ID | log ID           look\n";

std::uint64_t number_of(const std::string& word) {
  std::uint64_t value = 0;
  auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || failure != std::errc{} || end != word.data() + word.size())
    throw std::invalid_argument("not a number: '" + word + "'");
  return value;
}

namespace {

std::uint64_t number(const std::string& word) {
  return number_of(word);
}

// "name=5" as 5; the default if `word` names something else.
bool takes(const std::string& word, const std::string& name, std::uint64_t& value) {
  if (!word.starts_with(name + "="))
    return false;
  value = number(word.substr(name.size() + 1));
  return true;
}

bool holds(const std::vector<std::string>& all, const std::string& word) {
  return std::find(all.begin(), all.end(), word) != all.end();
}

} // namespace

stage::server& stage::at(const std::string& id) {
  auto found = servers_.find(server_id{number(id)});
  if (found == servers_.end())
    throw std::invalid_argument("no server " + id);
  return found->second;
}

void stage::print(const server& which, const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    printed_ += std::to_string(which.id().value) + ": " + line + "\n";
}

void stage::print(const server& which, const ready& owed) {
  print(which, owed.empty() ? "nothing" : to_string(owed));
}

void stage::print_outcome(const server& which, const ready& owed) {
  if (std::holds_alternative<accepted>(which.last_outcome()))
    print(which, owed);
  else
    print(which, to_string(which.last_outcome()) + "\n" + to_string(owed));
}

raft::core_config stage::config_of(std::uint64_t id) {
  auto config = limits_;
  auto own = raft_test::config_of(id);
  config.self = own.self;
  config.cluster_id = own.cluster_id;
  config.boot = own.boot;
  if (has_lives_)
    config.incarnation = base::uuid_from_name("life " + std::to_string(++lives_[own.self]) + " of "
                                              + std::to_string(id));
  return config;
}

void stage::make_cluster(const words& arguments) {
  for (const auto& word : arguments) {
    std::uint64_t learner = 0;
    if (takes(word, "learner", learner))
      founders_.learners.push_back({server_id{learner}, {}, "", ""});
    else if (word == "leases")
      limits_.leases_enabled = true;
    else if (word == "lives")
      has_lives_ = true;
    else if (!takes(word, "proposals_max", limits_.proposals_in_flight_max)
             && !takes(word, "log_kept", limits_.log_entries_kept_min)
             && !takes(word, "reads_max", limits_.reads_waiting_max))
      founders_.voters.push_back({server_id{number(word)}, {}, "", ""});
  }
  for (const auto* set : {&founders_.voters, &founders_.learners})
    for (const auto& each : *set) {
      auto config = config_of(each.id.value);
      servers_.emplace(each.id, server(config, raft_test::memory_disk(config.cluster_id, founders_),
                                       each.id.value));
    }
}

void stage::make_disk(const words& arguments) {
  auto& disk = at(arguments.at(0)).disk();
  persist_request content;
  content.state = disk.state();
  takes(arguments.at(1), "term", content.state.current_term.value);
  auto before = disk.at(log_index{1});
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    entry next;
    next.id = {before.id.index.next(), term{number(arguments[i])}};
    next.kind = entry_kind::command;
    next.payload = payload("t" + arguments[i]);
    next.chain = next_chain(before.chain, next.id, next.kind, next.payload.hash());
    before = next;
    content.entries.push_back(next);
  }
  disk.persist(content);
}

void stage::deliver(const words& arguments, bool is_lost) {
  auto& from = at(arguments.at(0));
  auto& to = at(arguments.at(1));
  std::deque<outgoing_message> kept;
  std::vector<message> taken;
  for (auto& each : from.outbox)
    if (each.to == to.id())
      taken.push_back(each.body);
    else
      kept.push_back(each);
  from.outbox = kept;
  for (const auto& each : taken) {
    auto way = std::to_string(from.id().value) + " -> " + std::to_string(to.id().value) + " ";
    printed_ += way + to_string(each) + (is_lost ? " (lost)\n" : "\n");
    if (!is_lost && to.is_running())
      print(to, to.step(from.life(), each));
  }
  if (taken.empty())
    printed_ += "nothing\n";
}

void stage::answer(const words& arguments) {
  auto& to = at(arguments.at(1));
  append_entries_reply reply;
  reply.term = to.status().current_term;
  reply.outcome = append_accepted{log_index{number(arguments.at(3))}};
  reply.read_round = arguments.size() > 4 ? number(arguments[4]) : 0;
  print(to, to.step(at(arguments.at(0)).life(), reply));
}

void stage::settle() {
  bool is_moving = true;
  while (is_moving) {
    is_moving = false;
    for (auto& [id, each] : servers_) {
      if (!each.is_running() || held_.contains(id))
        continue;
      each.settle();
      for (const auto& next : std::exchange(each.outbox, {})) {
        if (held_.contains(next.to)) {
          each.outbox.push_back(next);
          continue;
        }
        auto to = servers_.find(next.to);
        if (to != servers_.end() && to->second.is_running())
          to->second.step(each.life(), next.body);
        is_moving = true;
      }
    }
  }
  for (auto& [id, each] : servers_)
    if (each.is_running())
      print(each, to_string(each.status()));
}

void stage::print_log(server& which) {
  std::string text;
  for (const auto& each : which.disk().entries())
    text += (text.empty() ? "" : ", ") + to_string(each.id);
  print(which, text.empty() ? "empty" : text);
}

bool stage::perform_completion(const std::string& verb, server& which) {
  if (verb == "persisted")
    print(which, which.persisted());
  else if (verb == "applied")
    print(which, which.applied());
  else if (verb == "log_read")
    print(which, which.log_read());
  else if (verb == "compacted")
    print(which, which.compacted());
  else if (verb == "timer")
    print(which, which.timer_fired());
  else if (verb == "installed")
    print(which, which.installed());
  else if (verb == "repaired")
    print(which, which.repaired());
  else
    return false;
  return true;
}

bool stage::perform_input(const std::string& verb, server& which, const words& arguments) {
  if (verb == "put")
    print_outcome(which, which.put(number(arguments.at(1)), arguments.at(2),
                                   holds(arguments, "needs_apply")));
  else if (verb == "puts")
    print_outcome(which, which.put_all(number(arguments.at(1)), number(arguments.at(2))));
  else if (verb == "read")
    print_outcome(which, which.read(number(arguments.at(1))));
  else if (verb == "wait")
    print_outcome(which, which.wait_applied(number(arguments.at(1)), number(arguments.at(2))));
  else if (verb == "forget")
    print(which, which.forget_read(number(arguments.at(1))));
  else if (verb == "digest")
    print(which, which.digest(number(arguments.at(1)), number(arguments.at(2))));
  else if (verb == "checkpoint")
    print(which, which.checkpoint(number(arguments.at(1))));
  else if (verb == "tick")
    for (std::uint64_t i = 0; i < (arguments.size() > 1 ? number(arguments[1]) : 1); ++i) {
      if (auto owed = which.tick(); !owed.empty())
        print(which, owed);
    }
  else
    return false;
  return true;
}

bool stage::perform_disk(const std::string& verb, server& which, const words& arguments) {
  if (verb == "start")
    print(which, which.start());
  else if (verb == "crash")
    which.crash({holds(arguments, "persist"), holds(arguments, "apply")});
  else if (verb == "lose_state_machine")
    which.disk().lose_state_machine();
  else if (verb == "damage")
    which.disk().damage(log_index{number(arguments.at(1))}, log_index{number(arguments.at(2))});
  else if (verb == "hold")
    held_.insert(which.id());
  else if (verb == "release")
    held_.erase(which.id());
  else if (verb == "keep")
    which.entries_kept_by_store = number(arguments.at(1));
  else if (verb == "status")
    print(which, to_string(which.status()));
  else if (verb == "log")
    print_log(which);
  else
    return false;
  return true;
}

std::string stage::perform(const std::string& command_line) {
  printed_.clear();
  std::istringstream input(command_line);
  std::string verb;
  input >> verb;
  words arguments;
  for (std::string word; input >> word;)
    arguments.push_back(word);
  try {
    if (verb == "cluster")
      make_cluster(arguments);
    else if (verb == "disk")
      make_disk(arguments);
    else if (verb == "deliver" || verb == "lose")
      deliver(arguments, verb == "lose");
    else if (verb == "answer")
      answer(arguments);
    else if (verb == "settle")
      settle();
    else if (verb == "newcomer" || verb == "wipe")
      make_newcomer(arguments);
    else if (auto& which = at(arguments.empty() ? "" : arguments.front());
             !perform_completion(verb, which) && !perform_input(verb, which, arguments)
             && !perform_disk(verb, which, arguments) && !perform_change(verb, which, arguments)
             && !perform_snapshot(verb, which, arguments))
      throw std::invalid_argument("unknown command " + verb);
  } catch (const base::invariant_violation& broken) {
    // The place in the source would change with every edit.
    std::string text = broken.what();
    printed_ += "BROKEN " + text.substr(0, text.rfind(" [")) + "\n";
  }
  return printed_;
}

} // namespace golden
