// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "trace/conversation.hpp"
#include "trace/export.hpp"
#include "trace/export_text.hpp"

namespace trace {

namespace {

constexpr const char* head = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Aspen trace</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222; background: #fff; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: 2px 8px; vertical-align: top; border-bottom: 1px solid #eee; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.bars { width: 45%; position: relative; min-width: 20em; }
td.bars i { position: absolute; top: 5px; height: 11px; min-width: 1px; }
i.waited { background: #d9d9d9; } i.handled { background: #7aa6da; } i.work { background: #b5533c; }
small { color: #666; display: block; }
</style>
</head>
<body>
)";

std::string html_text(std::string_view text) {
  std::string out;
  for (char each : text) {
    switch (each) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    case '\'': out += "&#39;"; break;
    default: out += static_cast<unsigned char>(each) < ' ' ? ' ' : each;
    }
  }
  return out;
}

/// One page for one conversation.
class page {
public:
  page(const conversation& of, const recording& from) : of_(of), from_(from) {
    shown_ = std::min(of.messages.size(), html_rows_max);
    for (std::size_t i = 0; i < shown_; ++i) {
      const auto& each = of.messages[i];
      place(each);
      last_ns_ = std::max({last_ns_, each.sent_ns, each.received_ns, each.handled_ns});
    }
    first_ns_ = shown_ > 0 ? of.messages.front().sent_ns : 0;
    if (of.asked && of.asked->began_ns != 0)
      first_ns_ = shown_ > 0 ? std::min(first_ns_, of.asked->began_ns) : of.asked->began_ns;
    if (of.asked)
      last_ns_ = std::max(last_ns_, of.asked->ended_ns);
  }

  std::string make(const base::uuid& trace) {
    out_ = head;
    append(out_, "<h1>", trace.is_nil() ? "A recording" : "Trace " + hexadecimal(trace),
           "</h1>\n<p>Node ", from_.node_id, ", process ", from_.process_id, ", from ",
           std::string(clock_text().of(from_.unix_time_of(first_ns_))), ", ",
           duration_text(last_ns_ - first_ns_), ".</p>\n");
    add_request();
    add_path();
    append(out_, "<table>\n<tr><th>at</th><th>message</th><th>waited</th><th>handled</th>"
                 "<th>waited, handled, and within it work on a store</th></tr>\n");
    add_below(0);
    out_ += "</table>\n";
    if (shown_ < of_.messages.size())
      append(out_, "<p>", std::uint64_t{of_.messages.size() - shown_},
             " later messages are left out.</p>\n");
    out_ += "</body>\n</html>\n";
    return std::move(out_);
  }

private:
  /// Below what it came from, which was sent before it; a chain that goes on and on begins anew.
  void place(const conversation::message& what) {
    auto parent = depth_.find(what.parent);
    bool is_below = parent != depth_.end() && parent->second < depth_max;
    depth_[what.span] = is_below ? parent->second + 1 : 0;
    below_[is_below ? what.parent : 0].push_back(&what);
  }

  std::string name(name_id id) const { return html_text(from_.name_of(id)); }

  /// Of the whole time, in per cent with two digits.
  std::string share(std::uint64_t ns) const {
    auto whole = std::max<std::uint64_t>(1, last_ns_ - first_ns_);
    auto hundredths =
        static_cast<std::uint64_t>(static_cast<double>(ns) * 10'000.0 / static_cast<double>(whole));
    return std::to_string(hundredths / 100) + "." + std::to_string(100 + hundredths % 100).substr(1)
           + "%";
  }

  std::string offset(std::uint64_t time_ns) const {
    return time_ns >= first_ns_ ? "+" + duration_text(time_ns - first_ns_)
                                : "-" + duration_text(first_ns_ - time_ns);
  }

  void add_request() {
    if (!of_.asked)
      return;
    append(out_, "<p>Request ",
           of_.asked->route != 0 ? name(of_.asked->route) : "(its end is missing)");
    if (of_.asked->status != 0)
      append(out_, ", status ", name(of_.asked->status));
    if (of_.asked->began_ns != 0 && of_.asked->ended_ns != 0)
      append(out_, ", took ", duration_text(of_.asked->ended_ns - of_.asked->began_ns));
    out_ += ".</p>\n";
  }

  void add_path() {
    if (of_.critical_path.empty())
      return;
    out_ += "<h2>Critical path</h2>\n<table>\n<tr><th>time</th><th>what</th><th></th></tr>\n";
    std::uint64_t at = 0;
    for (const auto& each : of_.critical_path) {
      append(out_, "<tr><td class=\"number\">", duration_text(each.took_ns), "</td><td>",
             html_text(each.what), "</td><td class=\"bars\">");
      add_bar("handled", of_.asked->began_ns + at, each.took_ns, each.what);
      out_ += "</td></tr>\n";
      at += each.took_ns;
    }
    out_ += "</table>\n<h2>Messages</h2>\n";
  }

  void add_below(span_id parent) {
    auto found = below_.find(parent);
    if (found == below_.end())
      return;
    for (const auto* each : found->second) {
      add_row(*each, depth_.at(each->span));
      add_below(each->span);
    }
  }

  void add_row(const conversation::message& what, std::size_t depth) {
    append(out_, "<tr><td class=\"number\">", offset(what.sent_ns),
           "</td><td style=\"padding-left: ", std::uint64_t{1 + 2 * depth}, "em\">",
           name(what.actor), " <b>", name(what.rpc != 0 ? what.rpc : what.type), "</b>");
    if (auto from = what.peer != 0 ? what.peer : what.sender; from != 0)
      append(out_, " from ", name(from));
    for (const auto& each : what.steps)
      add_step(each);
    out_ += "</td>";
    add_time(what.sent_ns, what.received_ns);
    add_time(what.received_ns, what.handled_ns);
    out_ += "<td class=\"bars\">";
    if (what.sent_ns != 0 && what.received_ns > what.sent_ns)
      add_bar("waited", what.sent_ns, what.received_ns - what.sent_ns, "waited");
    if (what.received_ns != 0 && what.handled_ns > what.received_ns)
      add_bar("handled", what.received_ns, what.handled_ns - what.received_ns, "handled");
    for (const auto& each : what.work)
      add_bar("work", each.ended_ns - each.took_ns, each.took_ns, from_.name_of(each.what));
    out_ += "</td></tr>\n";
  }

  void add_step(const conversation::step& what) {
    append(out_, "<small>", name(what.what));
    if (what.index != 0)
      append(out_, " ", what.index);
    if (what.other != 0)
      append(out_, ", ", name(what.other));
    append(out_, " at ", offset(what.time_ns), "</small>");
  }

  void add_time(std::uint64_t from_ns, std::uint64_t to_ns) {
    bool is_known = from_ns != 0 && to_ns >= from_ns;
    append(out_, "<td class=\"number\">", is_known ? duration_text(to_ns - from_ns) : "?", "</td>");
  }

  void add_bar(const char* kind, std::uint64_t from_ns, std::uint64_t took_ns,
               std::string_view label) {
    auto from = from_ns > first_ns_ ? from_ns - first_ns_ : 0;
    append(out_, "<i class=\"", kind, "\" style=\"left: ", share(from), "; width: ", share(took_ns),
           "\" title=\"", html_text(label), " ", duration_text(took_ns), "\"></i>");
  }

  static constexpr std::size_t depth_max = 20;

  const conversation& of_;
  const recording& from_;
  std::size_t shown_ = 0;
  std::map<span_id, std::size_t> depth_;
  std::map<span_id, std::vector<const conversation::message*>> below_;
  std::uint64_t first_ns_ = 0;
  std::uint64_t last_ns_ = 0;
  std::string out_;
};

} // namespace

std::string to_html(const recording& what, const base::uuid& trace) {
  auto told = trace.is_nil() ? every_message(what) : find_conversation(what, trace);
  return page(told, what).make(trace);
}

} // namespace trace
