// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <unordered_map>

#include "trace/rules.hpp"

namespace trace {

namespace {

std::string node_name(std::uint64_t id) {
  return "node " + std::to_string(id);
}

std::string index_text(std::uint64_t index, std::uint64_t term) {
  return std::to_string(index) + " in term " + std::to_string(term);
}

/// What the log store had made durable, by when.
class durable_log {
public:
  explicit durable_log(const evidence& all)
    : log_(all.find(event_kind::durable, "log")),
      hard_state_(all.find(event_kind::durable, "hard state")) {}

  const recorded_event* log_at(std::uint64_t time_ns) const { return last_until(log_, time_ns); }
  const recorded_event* hard_state_at(std::uint64_t time_ns) const {
    return last_until(hard_state_, time_ns);
  }

private:
  const event_list log_;
  const event_list hard_state_;
};

class reply_check {
public:
  reply_check(const evidence& all, findings& into) : all_(all), into_(into), durable_(all) {}

  void run() {
    for (const auto* each : all_.find(event_kind::rpc_sent, "append_entries_reply"))
      if (each->event.value > 0)
        check_acknowledgement(*each);
    for (const auto* each : all_.find(event_kind::rpc_sent, "request_vote_reply"))
      if (each->event.value > 0)
        check_vote(*each, all_.name_of(each->event.other));
    for (const auto* each : all_.find(event_kind::rpc_sent, "request_vote"))
      if (each->event.value > 0)
        check_vote(*each, node_name(all_.recorded().node_id));
  }

private:
  void check_acknowledgement(const recorded_event& sent) {
    const auto* log = durable_.log_at(sent.event.time_ns);
    const auto* state = durable_.hard_state_at(sent.event.time_ns);
    if (!log || !state)
      return into_.unjudged();
    if (log->event.value < sent.event.value)
      return judge(sent, *log,
                   "entries up to " + std::to_string(sent.event.value)
                       + " were acknowledged when the log was durable up to "
                       + std::to_string(log->event.value));
    if (state->event.detail() < sent.event.detail())
      return judge(sent, *state,
                   "entries were acknowledged in term " + std::to_string(sent.event.detail())
                       + ", which was not durable");
    into_.held();
  }

  void check_vote(const recorded_event& sent, const std::string& candidate) {
    const auto* state = durable_.hard_state_at(sent.event.time_ns);
    if (!state)
      return into_.unjudged();
    auto term = sent.event.detail();
    bool is_durable =
        state->event.detail() > term
        || (state->event.detail() == term && all_.name_of(state->event.other) == candidate);
    if (is_durable)
      return into_.held();
    judge(sent, *state,
          "a vote for " + candidate + " in term " + std::to_string(term)
              + " was given before it was durable");
  }

  // What the log store made durable between the two would stand here: it is younger than `known`.
  void judge(const recorded_event& sent, const recorded_event& known, std::string text) {
    into_.judge(all_.is_whole_since(known.event.time_ns), std::move(text), all_, {&known, &sent});
  }

  const evidence& all_;
  findings& into_;
  const durable_log durable_;
};

using server_set = std::set<std::uint64_t>;

/// Those of "voters 1,2,3+2,3,4": one set, or two that both have to agree. None for another name.
std::vector<server_set> voters_of(std::string_view name) {
  constexpr std::string_view prefix = "voters ";
  if (!name.starts_with(prefix))
    return {};
  std::vector<server_set> sets(1);
  for (name.remove_prefix(prefix.size()); !name.empty();) {
    std::uint64_t id = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc())
      return {};
    sets.back().insert(id);
    name.remove_prefix(static_cast<std::size_t>(end - name.data()));
    if (!name.empty() && name.front() == '+')
      sets.emplace_back();
    if (!name.empty())
      name.remove_prefix(1);
  }
  return sets;
}

bool is_majority(const server_set& of, const server_set& holders) {
  auto count = std::ranges::count_if(of, [&](auto id) { return holders.contains(id); });
  return 2 * static_cast<std::size_t>(count) > of.size();
}

class commit_check {
public:
  commit_check(const evidence& all, findings& into)
    : all_(all), into_(into), durable_(all),
      elections_(all.find(event_kind::raft, "became_leader")),
      answers_(all.find(event_kind::rpc_received, "append_entries_reply")) {
    for (const auto* each : all.find(event_kind::rpc_received, "append_entries"))
      heard_[each->event.parent] = each;
  }

  void run() {
    for (const auto* each : all_.find(event_kind::raft, "commit_advanced"))
      if (auto sets = voters_of(all_.name_of(each->event.other)); !sets.empty())
        check_leader(*each, sets);
      else if (auto heard = heard_.find(each->event.parent); heard != heard_.end())
        check_follower(*each, *heard->second);
      else
        into_.unjudged();
  }

private:
  void check_follower(const recorded_event& commit, const recorded_event& heard) {
    if (commit.event.value <= heard.event.value)
      return into_.held();
    into_.broken("the commit index went to " + std::to_string(commit.event.value)
                     + ", and the leader had said " + std::to_string(heard.event.value),
                 all_, {&heard, &commit});
  }

  void check_leader(const recorded_event& commit, const std::vector<server_set>& sets) {
    event_list witnesses;
    auto holders = holders_of(commit.event, witnesses);
    if (std::ranges::all_of(sets,
                            [&](const server_set& each) { return is_majority(each, holders); }))
      return into_.held();
    // Every answer that counts came in this term, after the election.
    const auto* election = last_until(elections_, commit.event.time_ns);
    bool is_sure = election && election->event.detail() == commit.event.detail()
                   && all_.is_whole_since(election->event.time_ns);
    witnesses.push_back(&commit);
    into_.judge(is_sure,
                "index " + index_text(commit.event.value, commit.event.detail())
                    + " was committed, and is durable on " + std::to_string(holders.size()) + " of "
                    + all_.name_of(commit.event.other),
                all_, witnesses);
  }

  /// On whom the entry is durable, as far as the leader had heard.
  server_set holders_of(const event& commit, event_list& witnesses) const {
    server_set holders;
    const auto* own = durable_.log_at(commit.time_ns);
    if (own && own->event.value >= commit.value)
      holders.insert(all_.recorded().node_id);
    if (own)
      witnesses.push_back(own);
    for (const auto* each : answers_)
      if (each->event.time_ns <= commit.time_ns && each->event.detail() == commit.detail()
          && each->event.value >= commit.value && holders.insert(id_of(each->event.other)).second)
        witnesses.push_back(each);
    return holders;
  }

  std::uint64_t id_of(name_id peer) const {
    std::uint64_t id = 0;
    const auto& name = all_.name_of(peer);
    if (auto at = name.find(' '); at != std::string::npos)
      std::from_chars(name.data() + at + 1, name.data() + name.size(), id);
    return id;
  }

  const evidence& all_;
  findings& into_;
  const durable_log durable_;
  const event_list elections_;
  const event_list answers_;
  std::unordered_map<span_id, const recorded_event*> heard_; ///< by the message it came in
};

struct election {
  const evidence* where;
  const recorded_event* what;
};

} // namespace

void check_replies(const evidence& all, findings& into) {
  reply_check(all, into).run();
}

void check_commits(const evidence& all, findings& into) {
  commit_check(all, into).run();
}

void check_leaders(const std::vector<evidence>& all, findings& into) {
  std::map<std::pair<std::string, std::uint64_t>, election> won; // cluster, term
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto cluster = all[i].cluster();
    if (cluster.empty())
      cluster = "of recording " + std::to_string(i);
    for (const auto* each : all[i].find(event_kind::raft, "became_leader")) {
      auto [before, is_first] = won.try_emplace({cluster, each->event.detail()}, &all[i], each);
      if (is_first) {
        into.held();
        continue;
      }
      auto other = before->second.where->recorded().node_id;
      into.broken("node " + std::to_string(all[i].recorded().node_id) + " became leader in term "
                      + std::to_string(each->event.detail()) + ", in which node "
                      + std::to_string(other) + " had become leader",
                  all[i], {each});
      into.broken("node " + std::to_string(other) + " became leader in that term",
                  *before->second.where, {before->second.what});
    }
  }
}

} // namespace trace
