// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>
#include <unordered_set>

#include "trace/export.hpp"
#include "trace/export_text.hpp"

namespace trace {

namespace {

/// Writes the `traceEvents` of the Chrome trace event format. Times are microseconds with
/// a fraction; a process is a node, a "thread" an actor.
class event_list {
public:
  explicit event_list(const recording& what) : what_(what), names_(json_names(what)) {
    for (const auto& [event, thread] : what.events)
      if (event.kind == event_kind::handled)
        handled_.insert(event.span);
  }

  void add(const event& event) {
    switch (event.kind) {
    case event_kind::sent:
    case event_kind::timer:
      add_depth(event);
      // An arrow runs between two slices that are both here.
      if (handled_.contains(event.parent) && handled_.contains(event.span))
        add_arrow(event, "s", event.other, "");
      break;
    case event_kind::received:
      if (!handled_.contains(event.span))
        last_received_[event.actor] = event;
      else if (handled_.contains(event.parent))
        add_arrow(event, "f", event.actor, R"(,"bp":"e")");
      break;
    case event_kind::handled: add_slice(event, "message"); break;
    case event_kind::skipped:
    case event_kind::dropped: last_received_.erase(event.actor); break;
    case event_kind::work_ended: add_slice(event, "storage"); break;
    case event_kind::http_began: add_request(event, "b"); break;
    case event_kind::http_ended: add_request(event, "e"); break;
    case event_kind::none:
    case event_kind::work_began: break;
    default: add_instant(event); break;
    }
  }

  /// From where it was said on one node to where it was heard on another.
  void add_arrow_between(const event& said, const event& heard, std::uint64_t number) {
    auto add = [&](const event& at, const char* phase, const char* more) {
      begin(phase, at.time_ns, at.actor);
      append(out_, R"(,"cat":"peers","name":)", name(heard.message), R"(,"id":)", number, more,
             "}");
    };
    add(said, "s", "");
    add(heard, "f", R"(,"bp":"e")");
  }

  std::string finish() {
    for (const auto& [actor, event] : last_received_)
      add_unfinished(event);
    auto tracks = seen_;
    begin("M", 0, 0);
    auto process =
        what_.node_id == 0 ? std::string("cluster") : "node " + std::to_string(what_.node_id);
    append(out_, R"(,"name":"process_name","args":{"name":)", json_text(process), "}}");
    for (auto actor : tracks) {
      begin("M", 0, actor);
      append(out_, R"(,"name":"thread_name","args":{"name":)", name(actor), "}}");
    }
    return R"({"displayTimeUnit":"ns","traceEvents":[)" + out_ + "\n]}\n";
  }

private:
  const std::string& name(name_id id) const {
    static const std::string unknown = R"("?")";
    return id < names_.size() ? names_[id] : unknown;
  }

  void begin(const char* phase, std::uint64_t time_ns, name_id track) {
    append(out_, out_.empty() ? "\n" : ",\n", R"({"ph":")", phase, R"(","pid":)", what_.node_id,
           R"(,"tid":)", std::uint64_t{track}, R"(,"ts":)");
    append_microseconds(time_ns);
    seen_.insert(track);
  }

  void append_microseconds(std::uint64_t ns) {
    auto fraction = std::to_string(1000 + ns % 1000);
    append(out_, ns / 1000, ".", std::string_view(fraction).substr(1));
  }

  void add_arrow(const event& event, const char* phase, name_id track, const char* more) {
    begin(phase, event.time_ns, track);
    append(out_, R"(,"cat":"message","name":"sent","id":)", event.span, more, "}");
  }

  /// Who asked for it and in which conversation, as the members of `args`.
  void append_origin(const event& event) {
    const char* comma = "";
    auto add = [&](const char* member, const std::string& text) {
      append(out_, comma, member, text);
      comma = ",";
    };
    if (is_about_message(event.kind))
      add(R"("span":)", "\"" + hexadecimal(event.span) + "\"");
    if (event.parent != 0)
      add(R"("parent":)", "\"" + hexadecimal(event.parent) + "\"");
    if (event.other != 0)
      add(R"("from":)", name(event.other));
    if (!event.trace.is_nil())
      add(R"("trace":)", "\"" + hexadecimal(event.trace) + "\"");
  }

  void add_slice(const event& event, const char* category) {
    begin("X", event.time_ns - event.value, event.actor);
    append(out_, R"(,"dur":)");
    append_microseconds(event.value);
    append(out_, R"(,"cat":")", category, R"(","name":)", name(event.message), R"(,"args":{)");
    append_origin(event);
    append(out_, "}}");
  }

  /// What was being handled when the recording ends: a slice without an end.
  void add_unfinished(const event& event) {
    begin("B", event.time_ns, event.actor);
    append(out_, R"(,"cat":"message","name":)", name(event.message), R"(,"args":{)");
    append_origin(event);
    append(out_, "}}");
  }

  /// Requests overlap on their track: asynchronous slices, by their number.
  void add_request(const event& event, const char* phase) {
    begin(phase, event.time_ns, event.actor);
    append(out_, R"(,"cat":"http","name":"request","id":"0x)", hexadecimal(event.detail()),
           R"(","args":{)");
    if (event.kind == event_kind::http_ended)
      append(out_, R"("route":)", name(event.message), R"(,"status":)", name(event.other), ",");
    append(out_, R"("trace":")", hexadecimal(event.trace), R"("}})");
  }

  void add_depth(const event& event) {
    begin("C", event.time_ns, event.actor);
    auto label = json_text("mailbox of " + what_.name_of(event.actor));
    append(out_, R"(,"name":)", label, R"(,"args":{"waiting":)", event.value, "}}");
  }

  void add_instant(const event& event) {
    begin("i", event.time_ns, event.actor);
    auto label = std::string(to_string(event.kind));
    if (event.message != 0)
      label += " " + what_.name_of(event.message);
    append(out_, R"(,"s":"t","name":)", json_text(label), R"(,"args":{)");
    if (has_term(event.kind))
      append(out_, R"("index":)", event.value, R"(,"term":)", event.detail());
    append(out_, "}}");
  }

  const recording& what_;
  std::vector<std::string> names_;
  std::unordered_set<span_id> handled_;
  std::map<name_id, event> last_received_; ///< and not yet handled
  std::set<name_id> seen_;
  std::string out_;
};

} // namespace

std::string to_perfetto(const recording& what) {
  event_list events(what);
  for (const auto& each : what.events)
    events.add(each.event);
  for (const auto& [heard, said] : what.heard_from)
    if (what.events[heard].event.kind == event_kind::rpc_received)
      events.add_arrow_between(what.events[said].event, what.events[heard].event, heard);
  return events.finish();
}

} // namespace trace
