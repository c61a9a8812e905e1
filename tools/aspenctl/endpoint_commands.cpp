// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/cluster_answer.hpp"
#include "tools/aspenctl/commands.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;
using clock = std::chrono::steady_clock;

/// The endpoints to look at: the given ones, or those of all members.
outcome<std::vector<endpoint>> chosen(const client& nodes, bool of_cluster) {
  if (!of_cluster)
    return nodes.endpoints();
  auto said = ask_cluster(nodes);
  if (!said)
    return tl::unexpected(std::move(said.error()));
  std::vector<endpoint> found;
  for (const auto& member : said->body["members"]) {
    auto address = member.find("http_addr");
    if (address == member.end() || !address->is_string())
      return fail(exit_status::failed,
                  "the HTTP address of member " + cell(member, "id") + " is not known");
    auto parsed = parse_endpoint(address->get<std::string>());
    if (!parsed)
      return fail(exit_status::failed, "member " + cell(member, "id") + ": " + parsed.error().text);
    found.push_back(std::move(*parsed));
  }
  return found;
}

/// One node's answer to a question, whatever its status, or why there is none.
outcome<ordered_json> ask_node(const client& nodes, const endpoint& where,
                               const std::string& path) {
  auto got = nodes.ask_once(where, {"GET", path, {}});
  if (auto* none = std::get_if<silence>(&got))
    return fail(exit_status::unavailable, none->why);
  return object_of(std::get<answer>(got));
}

/// The checks that are not ok, with what they say.
std::string complaints_of(const ordered_json& health) {
  std::string made;
  auto checks = health.find("checks");
  if (checks == health.end() || !checks->is_object())
    return made;
  for (const auto& [name, check] : checks->items()) {
    if (!check.is_object() || check.value("status", ordered_json()) == "ok")
      continue;
    auto text = cell(check, check.contains("message") ? "message" : "status");
    made += (made.empty() ? "" : "; ") + name + ": " + text;
  }
  return made;
}

ordered_json health_of(const client& nodes, const endpoint& where) {
  auto began = clock::now();
  auto body = ask_node(nodes, where, "/health");
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began).count();
  ordered_json row{
      {"endpoint", where.url()}, {"health", "unreachable"}, {"phase", nullptr}, {"took_ms", took}};
  if (!body) {
    row["error"] = body.error().text;
    return row;
  }
  row["health"] = body->value("status", ordered_json("unknown"));
  row["phase"] = body->value("phase", ordered_json());
  auto complaints = complaints_of(*body);
  row["error"] = complaints.empty() ? ordered_json(nullptr) : ordered_json(complaints);
  return row;
}

bool is_well(const ordered_json& row) {
  return row["health"] == "healthy" || row["health"] == "degraded";
}

ordered_json status_of(const client& nodes, const endpoint& where) {
  ordered_json row{{"endpoint", where.url()}};
  auto cluster = ask_node(nodes, where, "/v1/cluster");
  auto version =
      cluster ? ask_node(nodes, where, "/version") : outcome<ordered_json>(ordered_json::object());
  for (const char* member :
       {"node_id", "cluster_id", "state", "term", "leader", "commit_index", "last_applied"})
    row[member] = cluster ? cluster->value(member, ordered_json()) : ordered_json();
  row["version"] = version ? version->value("version", ordered_json()) : ordered_json();
  row["error"] = !cluster   ? ordered_json(cluster.error().text)
                 : !version ? ordered_json(version.error().text)
                            : ordered_json();
  return row;
}

std::string leader_cell(const ordered_json& row) {
  return row["leader"].is_object() ? cell(row["leader"], "id") : "-";
}

} // namespace

outcome<void> endpoint_health(const client& nodes, output_format format, bool of_cluster) {
  auto where = chosen(nodes, of_cluster);
  if (!where)
    return tl::unexpected(std::move(where.error()));
  auto rows = ordered_json::array();
  text_table table({"ENDPOINT", "HEALTH", "PHASE", "TOOK MS", "ERROR"});
  std::size_t unwell = 0;
  for (const auto& each : *where) {
    auto row = health_of(nodes, each);
    unwell += is_well(row) ? 0 : 1;
    table.add({cell(row, "endpoint"), cell(row, "health"), cell(row, "phase"), cell(row, "took_ms"),
               cell(row, "error")});
    rows.push_back(std::move(row));
  }
  if (format == output_format::json)
    print_json(rows);
  else
    print(table.to_string());
  if (unwell > 0)
    return fail(exit_status::failed, std::to_string(unwell) + " of " + std::to_string(rows.size())
                                         + " endpoints are not well");
  return {};
}

outcome<void> endpoint_status(const client& nodes, output_format format, bool of_cluster) {
  auto where = chosen(nodes, of_cluster);
  if (!where)
    return tl::unexpected(std::move(where.error()));
  auto rows = ordered_json::array();
  text_table table({"ENDPOINT", "ID", "VERSION", "STATE", "LEADER", "TERM", "COMMIT INDEX",
                    "APPLIED INDEX", "ERROR"});
  std::size_t silent = 0;
  for (const auto& each : *where) {
    auto row = status_of(nodes, each);
    silent += row["error"].is_null() ? 0 : 1;
    table.add({cell(row, "endpoint"), cell(row, "node_id"), cell(row, "version"),
               cell(row, "state"), leader_cell(row), cell(row, "term"), cell(row, "commit_index"),
               cell(row, "last_applied"), cell(row, "error")});
    rows.push_back(std::move(row));
  }
  if (format == output_format::json)
    print_json(rows);
  else
    print(table.to_string());
  if (silent > 0)
    return fail(exit_status::unavailable, std::to_string(silent) + " of "
                                              + std::to_string(rows.size())
                                              + " endpoints did not answer");
  return {};
}

} // namespace aspenctl
