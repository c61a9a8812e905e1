// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "tools/aspenctl/cluster_answer.hpp"
#include "tools/aspenctl/encoding.hpp"
#include "tools/aspenctl/trace_commands.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

/// "1.234 ms", "56 us"; "?" where it is not known.
std::string time_text(const ordered_json& of, const char* member) {
  auto found = of.find(member);
  if (found == of.end() || !found->is_number())
    return "?";
  auto us = found->get<double>();
  char text[48];
  std::snprintf(text, sizeof text, us >= 1000 || us <= -1000 ? "%.3f ms" : "%.0f us",
                us >= 1000 || us <= -1000 ? us / 1000 : us);
  return text;
}

const ordered_json& list(const ordered_json& of, const char* member) {
  static const ordered_json none = ordered_json::array();
  auto found = of.find(member);
  return found != of.end() && found->is_array() ? *found : none;
}

std::string text_at(const ordered_json& of, const char* member) {
  return of.is_object() ? cell(of, member) : "-";
}

/// The messages of one node as a tree: each below the one in whose handling it was sent.
class tree {
public:
  explicit tree(const ordered_json& node) {
    for (const auto& each : list(node, "messages"))
      known_.insert(text_at(each, "span"));
    for (const auto& each : list(node, "messages")) {
      auto parent = text_at(each, "parent");
      below_[known_.contains(parent) ? parent : ""].push_back(&each);
    }
  }

  std::string to_string() const {
    text_.clear();
    add("", 1);
    return text_;
  }

private:
  void add(const std::string& parent, std::size_t depth) const {
    auto found = below_.find(parent);
    if (found == below_.end() || depth > known_.size() + 1) // what is sent cannot be its own cause
      return;
    for (const auto* each : found->second) {
      line(*each, depth);
      add(text_at(*each, "span"), depth + 1);
    }
  }

  void line(const ordered_json& what, std::size_t depth) const {
    text_.append(depth * 2, ' ');
    text_ += "+" + time_text(what, "at_us") + " " + text_at(what, "actor") + " "
             + text_at(what, "message") + " from " + text_at(what, "from") + ", waited "
             + time_text(what, "queued_us") + ", handled in " + time_text(what, "handled_us");
    for (const auto& each : list(what, "work"))
      text_ += "; " + text_at(each, "what") + " " + time_text(each, "us");
    text_ += "\n";
    for (const auto& each : list(what, "steps")) {
      text_.append(depth * 2 + 2, ' ');
      text_ += "* " + text_at(each, "what");
      if (each.contains("index"))
        text_ += " " + text_at(each, "index");
      if (each.contains("with"))
        text_ += ", " + text_at(each, "with");
      text_ += " at +" + time_text(each, "at_us") + "\n";
    }
  }

  std::set<std::string> known_;
  std::map<std::string, std::vector<const ordered_json*>> below_;
  mutable std::string text_;
};

std::string node_text(const ordered_json& node) {
  auto text = "node " + text_at(node, "node_id") + "\n";
  auto request = node.find("request");
  if (request != node.end() && request->is_object())
    text += "  request " + text_at(*request, "route") + ", status " + text_at(*request, "status")
            + ", took " + time_text(*request, "duration_us") + "\n";
  text += tree(node).to_string();
  const auto& path = list(node, "critical_path");
  if (path.empty())
    return text;
  text += "  critical path:\n";
  text_table table({"    TIME", "WHAT"});
  for (const auto& each : path)
    table.add({"    " + time_text(each, "us"), text_at(each, "what")});
  return text + table.to_string();
}

} // namespace

std::vector<endpoint> everybody(const client& nodes) {
  auto said = ask_cluster(nodes);
  if (!said)
    return nodes.endpoints();
  auto found = nodes.endpoints();
  for (const auto& member : list(said->body, "members")) {
    auto parsed = parse_endpoint(text_at(member, "http_addr"));
    if (parsed && std::ranges::find(found, parsed->url(), &endpoint::url) == found.end())
      found.push_back(std::move(*parsed));
  }
  return found;
}

outcome<void> trace_show(const client& nodes, output_format format, const std::string& id) {
  call what{"GET", "/debug/trace/" + percent_encode(id), {}};
  std::map<std::string, ordered_json> by_node; // who is named by two addresses is shown once
  std::string silent;
  for (const auto& where : everybody(nodes)) {
    auto got = nodes.ask_once(where, what);
    if (auto* none = std::get_if<silence>(&got)) {
      silent += where.url() + ": " + none->why + "\n";
      continue;
    }
    const auto& said = std::get<answer>(got);
    if (said.status == 404)
      continue;
    if (!said.is_success())
      return tl::unexpected(failure_of(said, what));
    auto body = object_of(said);
    if (!body)
      return tl::unexpected(std::move(body.error()));
    by_node.try_emplace(text_at(*body, "node_id"), std::move(*body));
  }
  if (by_node.empty())
    return fail(silent.empty() ? exit_status::not_found : exit_status::unavailable,
                silent.empty() ? "no node has recorded anything of that trace, or not any more"
                               : silent);
  auto rows = ordered_json::array();
  std::string text = "trace " + id + "\n";
  for (auto& [name, node] : by_node) {
    text += node_text(node);
    rows.push_back(std::move(node));
  }
  format == output_format::json ? print_json(rows) : print(text);
  if (!silent.empty())
    return fail(exit_status::unavailable, "not asked: " + silent);
  return {};
}

} // namespace aspenctl
