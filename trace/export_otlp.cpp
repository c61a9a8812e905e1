// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "trace/conversation.hpp"
#include "trace/export.hpp"
#include "trace/export_text.hpp"

namespace trace {

namespace {

using nlohmann::ordered_json;

// The numbers of opentelemetry/proto/trace/v1/trace.proto.
enum span_kind { internal = 1, server = 2, consumer = 5 };
enum status_code { error = 2 };

ordered_json text_attribute(const char* key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

/// 64-bit numbers are texts in the JSON form.
ordered_json number_attribute(const char* key, std::uint64_t value) {
  return {{"key", key}, {"value", {{"intValue", std::to_string(value)}}}};
}

std::uint64_t mix(std::uint64_t value) { // SplitMix64 (Steele, Lea, Flood 2014)
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// The spans of one trace on one node.
class span_list {
public:
  span_list(conversation of, const recording& from, const base::uuid& trace)
    : of_(std::move(of)), from_(from), trace_(hexadecimal(trace)) {
    for (auto octet : from.boot.octets)
      salt_ = mix(salt_ ^ octet);
    for (auto octet : trace.octets)
      salt_ = mix(salt_ ^ octet);
    for (const auto& each : of_.messages)
      if (is_whole(each))
        known_.insert(each.span);
  }

  ordered_json make() {
    if (of_.asked && of_.asked->began_ns != 0 && of_.asked->ended_ns != 0)
      add_request(*of_.asked);
    for (const auto& each : of_.messages)
      if (is_whole(each))
        add_message(each);
    return std::move(spans_);
  }

private:
  static bool is_whole(const conversation::message& what) {
    return what.received_ns != 0 && what.handled_ns >= what.received_ns;
  }
  const std::string& name(name_id id) const { return from_.name_of(id); }

  /// Messages are numbered by each process from one, and one may have a part in several traces;
  /// what is exported is unlike that of other processes and traces.
  std::string id_of(span_id span, std::uint64_t part = 0) const {
    auto mixed = mix(salt_ ^ mix(span ^ mix(part)));
    return hexadecimal(mixed == 0 ? 1 : mixed);
  }

  ordered_json span(std::string id, const std::string& parent, std::string label, span_kind kind,
                    std::uint64_t began_ns, std::uint64_t ended_ns) const {
    ordered_json made{{"traceId", trace_}, {"spanId", std::move(id)}};
    if (!parent.empty())
      made["parentSpanId"] = parent;
    made["name"] = std::move(label);
    made["kind"] = static_cast<int>(kind);
    made["startTimeUnixNano"] = std::to_string(from_.unix_time_of(began_ns));
    made["endTimeUnixNano"] = std::to_string(from_.unix_time_of(ended_ns));
    made["attributes"] = ordered_json::array();
    return made;
  }

  void add_request(const conversation::request& what) {
    const auto& route = name(what.route);
    auto made = span(hexadecimal(what.span), "", route, server, what.began_ns, what.ended_ns);
    if (auto blank = route.find(' '); blank != std::string::npos) {
      made["attributes"].push_back(
          text_attribute("http.request.method", std::string_view(route).substr(0, blank)));
      made["attributes"].push_back(
          text_attribute("http.route", std::string_view(route).substr(blank + 1)));
    }
    const auto& status = name(what.status);
    if (!status.empty())
      made["attributes"].push_back(
          {{"key", "http.response.status_code"}, {"value", {{"intValue", status}}}});
    if (status.starts_with('5'))
      made["status"] = {{"code", static_cast<int>(error)}};
    spans_.push_back(std::move(made));
  }

  /// The message it was sent from, else the request; nothing on a node that was not asked.
  std::string parent_of(const conversation::message& what) const {
    if (known_.contains(what.parent))
      return id_of(what.parent);
    bool is_here = of_.asked && of_.asked->began_ns != 0 && of_.asked->ended_ns != 0;
    return is_here ? hexadecimal(of_.asked->span) : std::string();
  }

  void add_message(const conversation::message& what) {
    auto id = id_of(what.span);
    auto label = name(what.actor) + " " + name(what.rpc != 0 ? what.rpc : what.type);
    auto made =
        span(id, parent_of(what), std::move(label), consumer, what.received_ns, what.handled_ns);
    auto& attributes = made["attributes"];
    attributes.push_back(text_attribute("aspen.actor", name(what.actor)));
    if (auto from = what.peer != 0 ? what.peer : what.sender; from != 0)
      attributes.push_back(text_attribute("aspen.from", name(from)));
    if (what.sent_ns != 0 && what.sent_ns <= what.received_ns)
      attributes.push_back(
          number_attribute("aspen.mailbox.wait_ns", what.received_ns - what.sent_ns));
    made["events"] = ordered_json::array();
    for (const auto& each : what.steps)
      made["events"].push_back(event_of(each));
    spans_.push_back(std::move(made));
    std::uint64_t part = 0;
    for (const auto& each : what.work)
      spans_.push_back(span(id_of(what.span, ++part), id, name(each.what), internal,
                            each.ended_ns - each.took_ns, each.ended_ns));
  }

  ordered_json event_of(const conversation::step& what) const {
    ordered_json made{{"timeUnixNano", std::to_string(from_.unix_time_of(what.time_ns))},
                      {"name", name(what.what)},
                      {"attributes", ordered_json::array()}};
    if (what.index != 0)
      made["attributes"].push_back(number_attribute("aspen.index", what.index));
    if (what.other != 0)
      made["attributes"].push_back(text_attribute("aspen.peer", name(what.other)));
    return made;
  }

  const conversation of_;
  const recording& from_;
  const std::string trace_;
  std::uint64_t salt_ = 0;
  std::set<span_id> known_;
  ordered_json spans_ = ordered_json::array();
};

} // namespace

std::string to_otlp(const recording& what, const base::uuid& trace) {
  return to_otlp(what, std::span(&trace, 1));
}

std::string to_otlp(const recording& what, std::span<const base::uuid> traces) {
  auto spans = ordered_json::array();
  for (const auto& trace : traces)
    for (auto& each : span_list(find_conversation(what, trace), what, trace).make())
      spans.push_back(std::move(each));
  ordered_json resource{{"attributes",
                         {text_attribute("service.name", "aspen-node"),
                          text_attribute("service.instance.id", base::to_string(what.boot)),
                          number_attribute("aspen.node_id", what.node_id),
                          number_attribute("process.pid", what.process_id)}}};
  ordered_json scope{{"scope", {{"name", "aspen.trace"}}}, {"spans", std::move(spans)}};
  ordered_json made;
  made["resourceSpans"] = ordered_json::array(
      {ordered_json{{"resource", resource}, {"scopeSpans", ordered_json::array({scope})}}});
  return made.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace trace
