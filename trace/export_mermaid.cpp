// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <unordered_map>

#include "trace/export.hpp"
#include "trace/export_text.hpp"

namespace trace {

namespace {

/// The text of a line: ';' would end the statement, '#' begins an entity.
std::string line_text(std::string_view text) {
  std::string out;
  for (char each : text)
    if (each == ';' || each == '#')
      out += each == ';' ? "#59;" : "#35;";
    else
      out += static_cast<unsigned char>(each) < ' ' ? ' ' : each;
  return out;
}

/// Writes one line for each event that a reader wants to see.
class diagram {
public:
  explicit diagram(const recording& what) : what_(what) {
    for (const auto& [event, thread] : what.events)
      if (event.kind == event_kind::received)
        waited_[event.span] = event.value;
      else if (event.kind == event_kind::handled)
        handled_[event.span] = event.value;
    if (!what.events.empty())
      first_ns_ = what.events.front().event.time_ns;
  }

  void add(const event& event) {
    switch (event.kind) {
    case event_kind::sent:
    case event_kind::timer: add_message(event); break;
    case event_kind::rejected:
      arrow(event.other, "-x", event.actor, event, " (mailbox full)");
      break;
    case event_kind::unhandled: note(event, "has no handler for it", ""); break;
    case event_kind::work_ended: note(event, "", " " + duration_text(event.value)); break;
    case event_kind::spawned:
    case event_kind::exited:
    case event_kind::supervised:
    case event_kind::validated:
    case event_kind::raft: note(event, std::string(to_string(event.kind)), ""); break;
    case event_kind::rpc_sent: arrow(event.actor, "-)", event.other, event, ""); break;
    case event_kind::rpc_received: arrow(event.other, "-)", event.actor, event, ""); break;
    case event_kind::http_began:
      line(client() + "->>" + participant(event.actor) + ": request");
      break;
    case event_kind::http_ended:
      line(participant(event.actor) + "-->>" + client() + ": " + text(event.message) + " "
           + text(event.other) + ", " + duration_text(event.value));
      break;
    default: break; // told with its message, or in the steps of one request
    }
  }

  std::string finish() const {
    std::string out = "sequenceDiagram\n";
    for (const auto& [id, label] : declared_)
      append(out, "    participant ", id, " as ", label, "\n");
    out += lines_;
    if (left_out_ > 0 && !declared_.empty())
      append(out, "    Note over ", declared_.begin()->first, ": ", std::uint64_t{left_out_},
             " more lines are left out\n");
    return out;
  }

private:
  /// Its own namespace of ids: no name is a word of the language.
  std::string participant(name_id id) {
    auto name = "p" + std::to_string(1000 + id).substr(1);
    declared_.try_emplace(name, id == 0 ? "no actor" : text(id));
    return name;
  }
  std::string client() {
    declared_.try_emplace("client", "client");
    return "client";
  }
  std::string text(name_id id) const { return line_text(what_.name_of(id)); }

  void add_message(const event& event) {
    std::string more;
    if (auto waited = waited_.find(event.span); waited != waited_.end())
      more += ", waited " + duration_text(waited->second);
    if (auto handled = handled_.find(event.span); handled != handled_.end())
      more += ", handled in " + duration_text(handled->second);
    auto from = event.kind == event_kind::timer ? event.actor : event.other;
    arrow(from, "->>", event.actor, event, more);
  }

  void arrow(name_id from, const char* head, name_id to, const event& event,
             const std::string& more) {
    line(participant(from) + head + participant(to) + ": " + text(event.message) + " +"
         + duration_text(event.time_ns - first_ns_) + more);
  }

  void note(const event& event, const std::string& before, const std::string& after) {
    auto what = event.message == 0 ? std::string() : text(event.message);
    line("Note over " + participant(event.actor) + ": " + before
         + (before.empty() || what.empty() ? "" : " ") + what + after);
  }

  void line(const std::string& text) {
    if (count_++ < mermaid_lines_max)
      append(lines_, "    ", text, "\n");
    else
      ++left_out_;
  }

  const recording& what_;
  std::unordered_map<span_id, std::uint64_t> waited_;
  std::unordered_map<span_id, std::uint64_t> handled_;
  std::map<std::string, std::string> declared_; ///< participants: id → label
  std::string lines_;
  std::uint64_t first_ns_ = 0;
  std::size_t count_ = 0;
  std::size_t left_out_ = 0;
};

} // namespace

std::string to_mermaid(const recording& what) {
  diagram made(what);
  for (const auto& each : what.events)
    made.add(each.event);
  return made.finish();
}

} // namespace trace
