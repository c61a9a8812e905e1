// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "trace/conversation.hpp"
#include "trace/export_text.hpp"

namespace trace {

namespace {

using nlohmann::ordered_json;

double microseconds(std::uint64_t ns) {
  return static_cast<double>(ns) / 1000;
}

/// One conversation, its times counted from its first event.
class document {
public:
  document(const conversation& of, const recording& from) : of_(of), from_(from) {
    first_ns_ = of.asked && of.asked->began_ns != 0 ? of.asked->began_ns
                : of.messages.empty()               ? 0
                                                    : of.messages.front().sent_ns;
  }

  ordered_json make(const base::uuid& named) {
    ordered_json made;
    made["trace"] = hexadecimal(named);
    made["node_id"] = from_.node_id;
    made["began_unix_us"] = from_.unix_time_of(first_ns_) / 1000;
    made["request"] = request();
    made["messages"] = ordered_json::array();
    for (const auto& each : of_.messages)
      made["messages"].push_back(message(each));
    made["critical_path"] = ordered_json::array();
    for (const auto& each : of_.critical_path)
      made["critical_path"].push_back({{"what", each.what}, {"us", microseconds(each.took_ns)}});
    return made;
  }

private:
  const std::string& name(name_id id) const { return from_.name_of(id); }

  /// Signed: what another thread recorded may stand a little before the first event.
  double offset(std::uint64_t time_ns) const {
    return time_ns >= first_ns_ ? microseconds(time_ns - first_ns_)
                                : -microseconds(first_ns_ - time_ns);
  }

  ordered_json request() const {
    if (!of_.asked)
      return nullptr;
    ordered_json made;
    made["route"] = of_.asked->route != 0 ? ordered_json(name(of_.asked->route)) : nullptr;
    made["status"] = of_.asked->status != 0 ? ordered_json(name(of_.asked->status)) : nullptr;
    bool is_whole = of_.asked->began_ns != 0 && of_.asked->ended_ns != 0;
    made["duration_us"] =
        is_whole ? ordered_json(microseconds(of_.asked->ended_ns - of_.asked->began_ns)) : nullptr;
    return made;
  }

  ordered_json message(const conversation::message& what) const {
    ordered_json made;
    made["span"] = hexadecimal(what.span);
    made["parent"] = what.parent != 0 ? ordered_json(hexadecimal(what.parent)) : nullptr;
    made["actor"] = name(what.actor);
    made["from"] = what.peer != 0 ? name(what.peer) : name(what.sender);
    made["message"] = name(what.rpc != 0 ? what.rpc : what.type);
    made["at_us"] = offset(what.sent_ns);
    made["queued_us"] = span_between(what.sent_ns, what.received_ns);
    made["handled_us"] = span_between(what.received_ns, what.handled_ns);
    made["work"] = ordered_json::array();
    for (const auto& each : what.work)
      made["work"].push_back({{"what", name(each.what)}, {"us", microseconds(each.took_ns)}});
    made["steps"] = ordered_json::array();
    for (const auto& each : what.steps)
      made["steps"].push_back(step(each));
    return made;
  }

  static ordered_json span_between(std::uint64_t from_ns, std::uint64_t to_ns) {
    if (from_ns == 0 || to_ns < from_ns)
      return nullptr;
    return microseconds(to_ns - from_ns);
  }

  ordered_json step(const conversation::step& what) const {
    ordered_json made{{"what", name(what.what)}, {"at_us", offset(what.time_ns)}};
    if (what.other != 0)
      made["with"] = name(what.other);
    if (what.index != 0)
      made["index"] = what.index;
    return made;
  }

  const conversation& of_;
  const recording& from_;
  std::uint64_t first_ns_ = 0;
};

} // namespace

std::string to_json(const conversation& what, const recording& from, const base::uuid& named) {
  return document(what, from)
      .make(named)
      .dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

} // namespace trace
