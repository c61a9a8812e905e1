// SPDX-License-Identifier: Apache-2.0
#include "trace/conversation.hpp"

#include <algorithm>
#include <set>

namespace trace {

namespace {

using message = conversation::message;

/// The messages of a trace, found by their steps and by the trace they were sent for.
class gatherer {
public:
  gatherer(const recording& from, const base::uuid& wanted) : from_(from) {
    for (const auto& [event, thread] : from.events)
      if (event.trace == wanted)
        begin(event);
  }
  /// All of them.
  explicit gatherer(const recording& from) : from_(from) {
    for (const auto& [event, thread] : from.events)
      if (event.kind == event_kind::step || is_about_message(event.kind))
        begin(event);
  }

  conversation take() {
    for (const auto& [event, thread] : from_.events)
      fill(event);
    for (auto& [span, each] : found_)
      made_.messages.push_back(std::move(each));
    // What was sent before the recording begins is taken for as old as its handling.
    for (auto& each : made_.messages)
      each.sent_ns = each.sent_ns != 0 ? each.sent_ns : first_step(each);
    std::ranges::sort(made_.messages, {}, &message::sent_ns);
    return std::move(made_);
  }

private:
  static std::uint64_t first_step(const message& of) {
    if (of.received_ns != 0)
      return of.received_ns;
    return of.steps.empty() ? of.handled_ns : of.steps.front().time_ns;
  }

  message& at(span_id span) {
    auto& place = found_[span];
    place.span = span;
    return place;
  }

  void begin(const event& what) {
    if (what.kind == event_kind::http_began || what.kind == event_kind::http_ended) {
      note_request(what);
    } else if (what.kind == event_kind::step) {
      at(what.parent).steps.push_back({what.message, what.other, what.time_ns, what.value});
    } else if (is_about_message(what.kind)) {
      at(what.span);
    }
  }

  void note_request(const event& what) {
    if (!made_.asked)
      made_.asked.emplace();
    made_.asked->span = what.detail();
    if (what.kind == event_kind::http_began) {
      made_.asked->began_ns = what.time_ns;
      return;
    }
    made_.asked->ended_ns = what.time_ns;
    made_.asked->route = what.message;
    made_.asked->status = what.other;
  }

  void fill(const event& what) {
    bool is_message = is_about_message(what.kind);
    auto place = found_.find(is_message ? what.span : what.parent);
    if (place == found_.end())
      return;
    auto& into = place->second;
    if (is_message)
      fill_message(into, what);
    else if (what.kind == event_kind::work_ended)
      into.work.push_back({what.message, what.time_ns, what.value});
    else if (what.kind == event_kind::rpc_received) {
      into.rpc = what.message;
      into.peer = what.other;
    }
  }

  static void fill_message(message& into, const event& what) {
    into.parent = what.parent;
    into.actor = what.actor;
    into.sender = what.other;
    into.type = what.message;
    if (what.kind == event_kind::sent || what.kind == event_kind::timer)
      into.sent_ns = what.time_ns;
    else if (what.kind == event_kind::received)
      into.received_ns = what.time_ns;
    else if (what.kind == event_kind::handled)
      into.handled_ns = what.time_ns;
  }

  const recording& from_;
  std::map<span_id, message> found_;
  conversation made_;
};

/// Goes back from the answer to the request, from each message to the one it waited for.
class path_finder {
public:
  path_finder(const conversation& of, const recording& names) : of_(of), names_(names) {
    for (const auto& each : of.messages)
      by_span_[each.span] = &each;
  }

  std::vector<conversation::part> find() {
    if (!of_.asked || of_.asked->began_ns == 0 || of_.asked->ended_ns == 0)
      return {};
    until_ = of_.asked->ended_ns;
    const auto* at = latest_before(until_);
    if (at)
      add("answer", last_step(*at, until_));
    while (at) {
      visited_.insert(at->span);
      add_handling(*at);
      add("wait in the mailbox of " + name(at->actor), at->sent_ns);
      at = before(*at);
    }
    add("request", of_.asked->began_ns);
    std::ranges::reverse(path_);
    return std::move(path_);
  }

private:
  const std::string& name(name_id id) const { return names_.name_of(id); }

  /// The part from `from_ns` to where the path stands; nothing for what the clock of another
  /// thread has placed later.
  void add(std::string what, std::uint64_t from_ns) {
    if (from_ns >= until_)
      return;
    path_.push_back({std::move(what), until_ - from_ns});
    until_ = from_ns;
  }

  void add_handling(const message& of) {
    auto label = name(of.actor) + " handles " + name(of.rpc != 0 ? of.rpc : of.type);
    for (auto work = of.work.rbegin(); work != of.work.rend(); ++work) {
      if (work->ended_ns > until_)
        continue;
      add(label, work->ended_ns);
      add(name(of.actor) + ": " + name(work->what), work->ended_ns - work->took_ns);
    }
    add(label, of.received_ns);
  }

  static std::uint64_t last_step(const message& of, std::uint64_t until_ns) {
    std::uint64_t last = 0;
    for (const auto& each : of.steps)
      if (each.time_ns <= until_ns)
        last = std::max(last, each.time_ns);
    return last;
  }

  /// The message with the latest step up to `until_ns` that the path has not met.
  const message* latest_before(std::uint64_t until_ns) const {
    const message* latest = nullptr;
    for (const auto& each : of_.messages)
      if (!visited_.contains(each.span) && last_step(each, until_ns) != 0
          && (!latest || last_step(each, until_ns) > last_step(*latest, until_ns)))
        latest = &each;
    return latest;
  }

  /// What `of` was sent from, or else what came last before it: then time passed between.
  const message* before(const message& of) {
    if (auto parent = by_span_.find(of.parent);
        parent != by_span_.end() && !visited_.contains(of.parent))
      return parent->second;
    const auto* last = latest_before(until_);
    if (last)
      add(of.peer != 0 ? "network and " + name(of.peer) : "wait for what is under way",
          last_step(*last, until_));
    return last;
  }

  const conversation& of_;
  const recording& names_;
  std::map<span_id, const message*> by_span_;
  std::set<span_id> visited_;
  std::uint64_t until_ = 0;
  std::vector<conversation::part> path_;
};

} // namespace

conversation find_conversation(const recording& what, const base::uuid& trace) {
  auto made = gatherer(what, trace).take();
  made.critical_path = path_finder(made, what).find();
  return made;
}

conversation every_message(const recording& what) {
  return gatherer(what).take();
}

} // namespace trace
