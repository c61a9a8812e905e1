// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/trace_tail.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <thread>

#include "tools/aspenctl/encoding.hpp"
#include "trace/export_text.hpp"
#include "trace/match.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;
using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_every{250};
constexpr std::chrono::hours span_max{1};
constexpr std::uint64_t events_a_look_max = 10'000;

struct limits {
  std::uint64_t events = 0;
  std::uint64_t events_a_second = 0;
  std::chrono::milliseconds span{0};
  std::uint64_t bytes = 0;
};

outcome<std::uint64_t> parse_count(const char* name, std::string_view text, bool may_have_unit) {
  std::uint64_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  std::uint64_t factor = !may_have_unit ? 1 : unit == "KB" ? 1U << 10 : unit == "MB" ? 1U << 20 : 1;
  if (error != std::errc() || count == 0 || count > 1U << 30 || (!unit.empty() && factor == 1))
    return fail(exit_status::usage, std::string(name) + ": '" + std::string(text)
                                        + "' is no number above zero"
                                        + (may_have_unit ? ", as 500KB or 1MB" : ""));
  return count * factor;
}

outcome<limits> parse(const trace_tail_options& options) {
  limits made;
  auto events = parse_count("--limit", options.limit, false);
  auto rate = parse_count("--rate", options.rate, false);
  auto bytes = parse_count("--bytes", options.bytes, true);
  for (auto* each : {&events, &rate, &bytes})
    if (!*each)
      return tl::unexpected(std::move(each->error()));
  auto span = parse_span(options.span);
  if (!span || *span > span_max)
    return fail(exit_status::usage,
                "--for: " + (span ? "a session lasts an hour at most" : span.error().text));
  return limits{*events, *rate, *span, *bytes};
}

/// Nothing when the text is an expression; else what is wrong, and below it where.
outcome<void> check_match(const std::string& text) {
  auto parsed = trace::match_expression::parse(text);
  if (parsed)
    return {};
  const auto& wrong = parsed.error();
  return fail(exit_status::usage, "--match, column " + std::to_string(wrong.position + 1) + ": "
                                      + wrong.text + "\n  " + text + "\n  "
                                      + std::string(wrong.position, ' ') + "^");
}

std::string text_of(const ordered_json& of, const char* member) {
  auto found = of.find(member);
  return found != of.end() && found->is_string() ? as_cell(found->get<std::string>())
                                                 : std::string();
}

void add_duration(std::string& line, const ordered_json& of, const char* member,
                  const char* before) {
  auto found = of.find(member);
  if (found != of.end() && found->is_number_unsigned())
    line += before + trace::duration_text(found->get<std::uint64_t>());
}

std::string line_of(const ordered_json& what) {
  auto line = text_of(what, "time").substr(11, 15) + " " + text_of(what, "kind") + " "
              + text_of(what, "actor") + " " + text_of(what, "message");
  if (auto rpc = text_of(what, "rpc"); !rpc.empty())
    line += " " + rpc;
  auto peer = text_of(what, "peer");
  if (auto from = peer.empty() ? text_of(what, "other") : peer; !from.empty())
    line += ", " + from;
  add_duration(line, what, "queued_ns", ", waited ");
  add_duration(line, what, "handling_ns", ", handled in ");
  if (auto kind = text_of(what, "kind"); kind == "work_ended" || kind == "http_ended")
    add_duration(line, what, "value", ", took ");
  if (auto id = text_of(what, "trace"); !id.empty())
    line += ", trace " + id;
  return line + "\n";
}

/// Prints as long as no limit is met.
class session {
public:
  session(const limits& bounds, output_format format)
    : bounds_(bounds), format_(format), end_(clock::now() + bounds.span) {}

  /// Which limit ended it; empty: none yet.
  const std::string& ended_by() const { return ended_by_; }
  std::uint64_t events_left() const { return bounds_.events - events_; }

  void look_at_clock() {
    if (clock::now() >= end_)
      end("--for " + std::to_string(bounds_.span.count() / 1000) + "s is over");
  }

  void take(const ordered_json& what) {
    if (!ended_by_.empty())
      return;
    auto second = text_of(what, "time").substr(0, 19);
    in_second_ = second == second_ ? in_second_ + 1 : 1;
    second_ = second;
    if (in_second_ > bounds_.events_a_second)
      return end("more than --rate " + std::to_string(bounds_.events_a_second)
                 + " events in a second");
    auto line = format_ == output_format::json
                    ? what.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n"
                    : line_of(what);
    if (bytes_ + line.size() > bounds_.bytes)
      return end("--bytes " + std::to_string(bounds_.bytes) + " are printed");
    bytes_ += line.size();
    print(line);
    if (++events_ == bounds_.events)
      end("--limit of " + std::to_string(bounds_.events) + " events");
  }

private:
  void end(std::string why) { ended_by_ = std::move(why); }

  const limits bounds_;
  const output_format format_;
  const clock::time_point end_;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  std::string second_; ///< of the newest event
  std::uint64_t in_second_ = 0;
  std::string ended_by_;
};

void say(const std::string& what) {
  std::fputs(("aspenctl: " + what + "\n").c_str(), stderr);
}

} // namespace

outcome<void> trace_tail(const client& nodes, output_format format,
                         const trace_tail_options& options) {
  if (nodes.endpoints().size() != 1)
    return fail(exit_status::usage, "trace tail follows one node: give one endpoint");
  auto bounds = parse(options);
  if (!bounds)
    return tl::unexpected(std::move(bounds.error()));
  if (auto good = check_match(options.match); !good)
    return good;
  session running(*bounds, format);
  std::string next;
  while (running.ended_by().empty()) {
    auto target = "/debug/trace/tail?match=" + percent_encode(options.match)
                  + "&limit=" + std::to_string(std::min(running.events_left(), events_a_look_max))
                  + (options.with_heartbeats ? "&heartbeats=true" : "")
                  + (next.empty() ? "" : "&after=" + next);
    auto page = nodes.ask_for_object({"GET", target, {}});
    if (!page)
      return tl::unexpected(std::move(page.error()));
    next = text_of(*page, "next");
    if (page->value("is_complete", ordered_json()) == false)
      say("more was recorded than the ring holds: events are missing here");
    auto events = page->find("events");
    if (events != page->end() && events->is_array())
      for (const auto& each : *events)
        if (each.is_object())
          running.take(each);
    if (!finish_output())
      return {};
    running.look_at_clock();
    if (running.ended_by().empty())
      std::this_thread::sleep_for(look_every);
  }
  say("ended: " + running.ended_by());
  return {};
}

} // namespace aspenctl
