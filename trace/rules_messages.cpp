// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "trace/rules.hpp"

namespace trace {

namespace {

/// How far one message has come.
struct delivery {
  const recorded_event* sent = nullptr;
  const recorded_event* received = nullptr;
  bool was_skipped = false;
};

/// Names that two living actors had at once: nothing is known of either.
std::set<name_id> ambiguous_names(const evidence& all) {
  std::set<name_id> found;
  std::map<name_id, int> living;
  for (const auto& [event, thread] : all.events())
    if (event.kind == event_kind::spawned && ++living[event.actor] > 1)
      found.insert(event.actor);
    else if (event.kind == event_kind::exited && living[event.actor] > 0)
      --living[event.actor];
  return found;
}

class order_check {
public:
  order_check(const evidence& all, findings& into)
    : all_(all), into_(into), ambiguous_(ambiguous_names(all)) {
    for (const auto& each : all.events())
      learn(each);
  }

  void run() {
    for (const auto& each : all_.events())
      if (each.event.kind == event_kind::sent && is_of_interest(each.event))
        compare(each);
  }

private:
  // Who sends: an actor, or a thread that is none.
  using channel = std::tuple<name_id, std::uint64_t, name_id>;

  void learn(const recorded_event& each) {
    if (each.event.kind == event_kind::spawned)
      actors_.insert(each.event.actor);
    if (!is_about_message(each.event.kind))
      return;
    auto& known = deliveries_[each.event.span];
    switch (each.event.kind) {
    case event_kind::sent: known.sent = &each; break;
    case event_kind::received:
      known.received = known.received ? known.received : &each;
      actors_.insert(each.event.actor);
      break;
    case event_kind::skipped: known.was_skipped = true; break;
    default: break;
    }
  }

  bool is_of_interest(const event& what) const {
    const auto& name = all_.name_of(what.message);
    return what.other != 0 && !name.empty() && !name.starts_with("@")
           && !ambiguous_.contains(what.actor) && !ambiguous_.contains(what.other);
  }

  void compare(const recorded_event& sent) {
    const auto& now = deliveries_.at(sent.event.span);
    if (!now.received || now.was_skipped)
      return;
    channel way{sent.event.other, actors_.contains(sent.event.other) ? 0 : sent.thread,
                sent.event.actor};
    auto [at, is_first] = newest_.try_emplace(way, &now);
    if (is_first)
      return;
    const auto& before = *at->second;
    if (now.received->event.time_ns >= before.received->event.time_ns) {
      at->second = &now;
      return into_.held();
    }
    // Had it been left for later, that would stand here.
    into_.judge(all_.is_whole_since(before.sent->event.time_ns),
                all_.name_of(sent.event.actor) + " handled " + all_.name_of(sent.event.message)
                    + " before " + all_.name_of(before.sent->event.message) + ", which "
                    + all_.name_of(sent.event.other) + " had sent first",
                all_, {before.sent, now.sent, now.received, before.received});
  }

  const evidence& all_;
  findings& into_;
  const std::set<name_id> ambiguous_;
  std::set<name_id> actors_;
  std::unordered_map<span_id, delivery> deliveries_;
  std::map<channel, const delivery*> newest_; ///< by when it was received
};

struct request_life {
  event_list began;
  event_list ended;
};

void check_request(const evidence& all, const request_life& one, findings& into) {
  if (one.ended.size() > 1)
    return into.broken("a request was answered " + std::to_string(one.ended.size()) + " times", all,
                       one.ended);
  if (one.began.size() > 1)
    return into.broken("two requests have one span of one trace", all, one.began);
  if (one.ended.empty()) // still under way, unless the process has ended by itself
    return into.judge(all.recorded().ended == ended_in_order, "a request was never answered", all,
                      one.began);
  if (!one.began.empty())
    return into.held();
  into.judge(all.recorded().whole_since_ns == 0, "a request was answered that nobody made", all,
             one.ended);
}

} // namespace

void check_sender_order(const evidence& all, findings& into) {
  order_check(all, into).run();
}

void check_exit(const evidence& all, findings& into) {
  auto ambiguous = ambiguous_names(all);
  std::map<name_id, const recorded_event*> ended;
  for (const auto& each : all.events()) {
    const auto& event = each.event;
    if (event.kind == event_kind::spawned)
      ended.erase(event.actor);
    else if (event.kind == event_kind::exited)
      ended[event.actor] = &each;
    if (event.kind != event_kind::received)
      continue;
    auto end = ended.find(event.actor);
    if (end == ended.end() || end->second->event.time_ns == event.time_ns)
      into.held();
    else // had it been spawned again, that would stand here
      into.judge(!ambiguous.contains(event.actor) && all.is_whole_since(end->second->event.time_ns),
                 all.name_of(event.actor) + " handles " + all.name_of(event.message)
                     + " after its exit",
                 all, {end->second, &each});
  }
}

void check_requests(const evidence& all, findings& into) {
  std::map<std::pair<base::uuid, span_id>, request_life> requests;
  for (const auto& each : all.events())
    if (each.event.kind == event_kind::http_began)
      requests[{each.event.trace, each.event.detail()}].began.push_back(&each);
    else if (each.event.kind == event_kind::http_ended)
      requests[{each.event.trace, each.event.detail()}].ended.push_back(&each);
  for (const auto& [id, one] : requests)
    check_request(all, one, into);
}

} // namespace trace
