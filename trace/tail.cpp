// SPDX-License-Identifier: Apache-2.0
#include "trace/tail.hpp"

#include <set>
#include <unordered_map>

#include "trace/event_writer.hpp"

namespace trace {

namespace {

/// What is told of a message by other events than the one in hand.
struct known_message {
  std::optional<std::uint64_t> queued;
  name_id rpc = 0;
  name_id peer = 0;
  bool has_steps = false; ///< some request got further in its handling
};

/// Looks at every event once, before any of them is matched.
class knowledge {
public:
  explicit knowledge(const recording& what) : what_(what) {
    for (const auto& [event, thread] : what.events)
      learn(event);
  }

  match_subject about(const event& what) const {
    match_subject made;
    made.kind = to_string(what.kind);
    made.actor = what_.name_of(what.actor);
    made.message = what_.name_of(what.message);
    if (!what.trace.is_nil())
      made.trace = hexadecimal(what.trace);
    bool is_of_peer = what.kind == event_kind::rpc_sent || what.kind == event_kind::rpc_received
                      || what.kind == event_kind::step;
    (is_of_peer ? made.peer : made.from) = what_.name_of(what.other);
    if (is_about_message(what.kind))
      add_message(made, what);
    else if (what.kind == event_kind::work_ended || what.kind == event_kind::http_ended)
      made.took = what.value;
    return made;
  }

  bool is_heartbeat(const event& what) const {
    if (is_about_message(what.kind))
      return what_.name_of(what.message) == "tick" || is_quiet(at(what.span));
    if (what.kind == event_kind::rpc_received)
      return is_quiet(at(what.parent));
    if (what.kind == event_kind::http_began || what.kind == event_kind::http_ended)
      return looks_.contains(what.span);
    if (what.kind != event_kind::rpc_sent)
      return false;
    const auto& rpc = what_.name_of(what.message);
    return (rpc == "append_entries" && !told_.contains({what.parent, what.other}))
           || (rpc == "append_entries_reply" && is_quiet(at(what.parent)));
  }

private:
  const known_message& at(span_id span) const {
    static const known_message nothing;
    auto found = messages_.find(span);
    return found == messages_.end() ? nothing : found->second;
  }

  /// What a peer said without anybody's entries in it, or an answer that settled nothing.
  bool is_quiet(const known_message& what) const {
    const auto& rpc = what_.name_of(what.rpc);
    return (rpc == "append_entries" || rpc == "append_entries_reply") && !what.has_steps;
  }

  void learn(const event& what) {
    if (what.kind == event_kind::received) {
      messages_[what.span].queued = what.value;
    } else if (what.kind == event_kind::rpc_received) {
      auto& message = messages_[what.parent];
      message.rpc = what.message;
      message.peer = what.other;
    } else if (what.kind == event_kind::step) {
      messages_[what.parent].has_steps = true;
      told_.emplace(what.parent, what.other);
    } else if (what.kind == event_kind::http_ended && what_.name_of(what.message) == tail_route) {
      looks_.insert(what.span);
    }
  }

  void add_message(match_subject& to, const event& what) const {
    const auto& known = at(what.span);
    to.rpc = what_.name_of(known.rpc);
    to.peer = what_.name_of(known.peer);
    switch (what.kind) {
    case event_kind::sent:
    case event_kind::timer: to.waiting = what.value; break;
    case event_kind::received: to.queued = what.value; break;
    case event_kind::handled:
    case event_kind::dropped: to.handling = what.value; [[fallthrough]];
    default: to.queued = known.queued;
    }
  }

  const recording& what_;
  std::unordered_map<span_id, known_message> messages_;
  std::set<span_id> looks_;                    ///< requests of sessions
  std::set<std::pair<span_id, name_id>> told_; ///< in which message a request went to which peer
};

} // namespace

tail_page look(const recording& what, const tail_request& wanted) {
  knowledge known(what);
  tail_page page;
  page.next_ns = wanted.until_ns;
  for (const auto& each : what.events) {
    auto time = each.event.time_ns;
    if (time <= wanted.after_ns || time > wanted.until_ns)
      continue;
    if (page.lines.size() >= wanted.limit && page.lines.back().what->event.time_ns != time) {
      page.next_ns = page.lines.back().what->event.time_ns;
      break;
    }
    if (!wanted.with_heartbeats && known.is_heartbeat(each.event))
      continue;
    if (auto about = known.about(each.event); wanted.match.matches(about))
      page.lines.push_back({&each, std::move(about)});
  }
  return page;
}

std::string to_json(const tail_page& page, const recording& from, bool is_complete) {
  std::string out;
  append(out, R"({"next":")", page.next_ns, R"(","is_complete":)", is_complete ? "true" : "false",
         R"(,"events":[)");
  event_writer writer(from);
  for (const auto& [what, about] : page.lines) {
    out += what == page.lines.front().what ? "\n" : ",\n";
    writer.write(out, *what);
    out.pop_back(); // the object goes on
    if (!about.rpc.empty())
      append(out, R"(,"rpc":)", json_text(about.rpc));
    if (!about.peer.empty() && is_about_message(what->event.kind))
      append(out, R"(,"peer":)", json_text(about.peer));
    if (about.queued)
      append(out, R"(,"queued_ns":)", *about.queued);
    if (about.handling)
      append(out, R"(,"handling_ns":)", *about.handling);
    out += "}";
  }
  return out + "\n]}\n";
}

} // namespace trace
