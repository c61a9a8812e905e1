// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "trace/export.hpp"
#include "trace/export_text.hpp"

namespace trace {

namespace {

/// Host → how many of its events are known to have happened.
using vector_clock = std::map<std::string, std::uint64_t>;

/// What an event of the diagram says, and what it comes from.
class event_lines {
public:
  explicit event_lines(const recording& what) : what_(what) {
    for (const auto& [event, thread] : what.events)
      if (event.kind == event_kind::http_began || event.kind == event_kind::http_ended)
        of_http_.insert(thread);
    for (const auto& [heard, said] : what.heard_from)
      is_heard_.insert(said);
  }

  void add(std::size_t position) {
    const auto& each = what_.events[position];
    if (auto said = what_.heard_from.find(position); said != what_.heard_from.end())
      hear(host_of(each.event.actor, each.thread), said_.at(said->second));
    add(each);
    if (is_heard_.contains(position))
      said_[position] = clocks_[host_of(each.event.actor, each.thread)];
  }

  std::string take() { return std::move(out_); }

private:
  void add(const recorded_event& each) {
    const auto& event = each.event;
    switch (event.kind) {
    case event_kind::sent: {
      auto& clock = happens(host_of(event.other, each.thread));
      sent_[event.span] = clock;
      write(host_of(event.other, each.thread), event,
            "sends " + name(event.message) + " to " + name(event.actor));
      break;
    }
    case event_kind::received: add_received(event); break;
    case event_kind::handled:
      happens(host_of(event.actor));
      write(host_of(event.actor), event,
            "has handled " + name(event.message) + " in " + duration_text(event.value));
      break;
    case event_kind::timer:
    case event_kind::skipped:
    case event_kind::work_began:
    case event_kind::step:
    case event_kind::none: break;
    default: {
      auto host = host_of(event.actor, each.thread);
      happens(host);
      write(host, event,
            std::string(to_string(event.kind)) + " " + name(event.message)
                + (event.other != 0 && event.other != event.actor ? " " + name(event.other) : ""));
    }
    }
  }

  std::string name(name_id id) const { return id == 0 ? "no actor" : what_.name_of(id); }

  /// One word, as the regular expression wants it.
  std::string host_of(name_id actor) const {
    auto text = name(actor);
    for (auto& each : text)
      if (static_cast<unsigned char>(each) <= ' ')
        each = '_';
    return text;
  }

  /// Requests are served by several threads at once, each with an order of its own.
  std::string host_of(name_id actor, std::uint64_t thread) const {
    // Of a merged recording: "node 1/http".
    if (actor != 0 && name(actor) != "http" && !name(actor).ends_with("/http"))
      return host_of(actor);
    auto text = std::string(of_http_.contains(thread) ? "http-" : "thread-");
    if (auto recording = thread >> merged_number_bits; recording != 0)
      text += std::to_string(recording) + ".";
    return text + std::to_string(thread % (std::uint64_t{1} << merged_number_bits));
  }

  vector_clock& happens(const std::string& host) {
    auto& clock = clocks_[host];
    ++clock[host];
    return clock;
  }

  void hear(const std::string& host, const vector_clock& said) {
    auto& clock = clocks_[host];
    for (const auto& [each, count] : said)
      if (each != host)
        clock[each] = std::max(clock[each], count);
  }

  void add_received(const event& event) {
    auto host = host_of(event.actor);
    happens(host);
    if (auto sent = sent_.find(event.span); sent != sent_.end()) {
      hear(host, sent->second);
      sent_.erase(sent);
    }
    write(host, event,
          "receives " + name(event.message) + " from " + name(event.other) + ", waited "
              + duration_text(event.value));
  }

  void write(const std::string& host, const event& event, const std::string& text) {
    append(out_, host, " {");
    const char* comma = "";
    for (const auto& [each, count] : clocks_[host]) {
      append(out_, comma, json_text(each), ": ", count);
      comma = ", ";
    }
    append(out_, "}\n", dates_.of(what_.unix_time_of(event.time_ns)), " ", text, "\n");
  }

  const recording& what_;
  std::set<std::uint64_t> of_http_;          ///< threads
  std::set<std::size_t> is_heard_;           ///< positions of what another node heard
  std::map<std::size_t, vector_clock> said_; ///< by such a position: what was known there
  std::map<std::string, vector_clock> clocks_;
  std::unordered_map<span_id, vector_clock> sent_; ///< and not yet received
  clock_text dates_;
  std::string out_;
};

} // namespace

std::string to_shiviz(const recording& what) {
  event_lines events(what);
  for (std::size_t i = 0; i < what.events.size(); ++i)
    events.add(i);
  return "(?<host>\\S+) (?<clock>\\{.*\\})\\n(?<date>\\S+) (?<event>.*)\n\n" + events.take();
}

} // namespace trace
