// SPDX-License-Identifier: Apache-2.0
#include "http/cluster_handlers.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "http/cluster_view.hpp"

namespace http {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t address_bytes_max = 261; // a name of 255 bytes, a colon, a port

std::string dump(const ordered_json& body) {
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string_view state_name(raft::role_name role) {
  switch (role) {
  case raft::role_name::leader: return "leader";
  case raft::role_name::follower: return "follower";
  case raft::role_name::learner: return "learner";
  case raft::role_name::pre_candidate:
  case raft::role_name::candidate: return "candidate";
  }
  return "follower";
}

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

template <class Value, class To>
ordered_json value_or_null(const std::optional<Value>& value, To to) {
  return value ? ordered_json(to(*value)) : ordered_json(nullptr);
}

ordered_json member_json(const member_view& who) {
  ordered_json made;
  made["id"] = who.id.value;
  made["voter"] = who.is_voter;
  made["http_addr"] = text_or_null(who.http_addr);
  made["raft_addr"] = text_or_null(who.raft_addr);
  made["match_index"] = value_or_null(who.match_index, [](auto index) { return index.value; });
  made["lag"] = value_or_null(who.lag, [](auto lag) { return lag; });
  made["reachable"] = value_or_null(who.is_reachable, [](bool is) { return is; });
  made["last_contact_ms"] = value_or_null(who.last_contact, [](auto span) { return span.count(); });
  made["version"] = text_or_null(who.version);
  if (!who.trouble.empty())
    made["trouble"] = who.trouble;
  return made;
}

/// Who leads, as far as this node knows; null for nobody.
ordered_json leader_json(const cluster_input& seen, const std::vector<member_view>& members) {
  if (!seen.raft || seen.raft->core.leader == raft::server_id{})
    return nullptr;
  ordered_json made{{"id", seen.raft->core.leader.value}, {"http_addr", nullptr}};
  for (const auto& each : members)
    if (each.id == seen.raft->core.leader)
      made["http_addr"] = text_or_null(each.http_addr);
  return made;
}

refusal bad_body(std::string text) {
  return refuse(400, "bad_json", std::move(text));
}

/// The one JSON object of a body, with no members but the `known`.
tl::expected<nlohmann::json, refusal> read_object(const std::string& text,
                                                  std::initializer_list<std::string_view> known) {
  auto body = nlohmann::json::parse(text, nullptr, false);
  if (!body.is_object())
    return tl::unexpected(bad_body("the body must be one JSON object"));
  for (const auto& [name, value] : body.items())
    if (std::find(known.begin(), known.end(), name) == known.end())
      return tl::unexpected(refuse(422, "wrong_shape", "unknown member '" + name + "'"));
  return body;
}

tl::expected<raft::server_id, refusal> read_id(const nlohmann::json& value, const char* name) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0)
    return tl::unexpected(
        refuse(422, "wrong_shape", std::string(name) + " must be a node id, 1 or more"));
  return raft::server_id{value.get<std::uint64_t>()};
}

std::optional<raft::server_id> id_of_path(const std::string& text) {
  std::uint64_t id = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id == 0)
    return std::nullopt;
  return raft::server_id{id};
}

reply not_an_id(const std::string& text) {
  auto why = refuse(400, "bad_member", "'" + text + "' is no node id");
  why.committed = actors::commit_status::no;
  return to_reply(why);
}

reply refuse_change(refusal why) {
  why.committed = actors::commit_status::no;
  return to_reply(why);
}

/// Has the leader make a change; names the leader where that is somebody else.
reply change(actors::cluster_change what, asker& ask, site& at) {
  auto done = ask.change_cluster(std::move(what));
  auto seen = look_at_cluster(at);
  auto members = view_members(seen);
  ordered_json body;
  if (!done) {
    auto why = refusal_from(done.error(), true);
    auto made = to_reply(why);
    if (done.error().code == actors::failure_code::leader_elsewhere) {
      body = ordered_json::parse(made.body);
      body["leader"] = leader_json(seen, members);
      made.body = dump(body);
    }
    return made;
  }
  body["index"] = done->index.value;
  body["leader"] = leader_json(seen, members);
  body["members"] = ordered_json::array();
  for (const auto& each : members)
    body["members"].push_back(member_json(each));
  return json_reply(200, dump(body));
}

} // namespace

reply get_cluster(const request&, asker&, site& at) {
  auto seen = look_at_cluster(at);
  auto log = at.gateway.status().get<actors::log_status>();
  bool is_refused = at.phase() == actors::phase::refused;
  ordered_json body;
  body["cluster_id"] =
      log ? ordered_json(to_string(log->identity.cluster_id)) : ordered_json(nullptr);
  body["node_id"] = at.settings.node_id;
  if (!seen.raft) { // not running: nobody leads, nothing is known
    body["state"] = is_refused ? ordered_json("refused") : ordered_json(nullptr);
    for (const char* name : {"term", "leader", "commit_index", "last_applied"})
      body[name] = nullptr;
    body["members"] = ordered_json::array();
    return json_reply(200, dump(body));
  }
  const auto& core = seen.raft->core;
  auto members = view_members(seen);
  body["state"] = is_refused ? "refused" : state_name(core.role);
  body["term"] = core.current_term.value;
  body["leader"] = leader_json(seen, members);
  body["commit_index"] = core.commit_index.value;
  body["last_applied"] = core.last_applied.value;
  body["members"] = ordered_json::array();
  for (const auto& each : members)
    body["members"].push_back(member_json(each));
  return json_reply(200, dump(body));
}

reply add_member(const request& what, asker& ask, site& at) {
  auto body = read_object(what.body, {"id", "raft_addr"});
  if (!body)
    return refuse_change(std::move(body.error()));
  auto id = read_id(body->value("id", nlohmann::json()), "id");
  if (!id)
    return refuse_change(std::move(id.error()));
  auto address = body->value("raft_addr", nlohmann::json());
  if (!address.is_string() || address.get<std::string>().empty()
      || address.get<std::string>().size() > address_bytes_max)
    return refuse_change(refuse(422, "wrong_shape", "raft_addr must be \"host:port\""));
  return change(actors::add_member{*id, address.get<std::string>()}, ask, at);
}

reply promote_member(const request& what, asker& ask, site& at) {
  auto id = id_of_path(what.parameter);
  return id ? change(actors::promote_member{*id}, ask, at) : not_an_id(what.parameter);
}

reply remove_member(const request& what, asker& ask, site& at) {
  auto id = id_of_path(what.parameter);
  return id ? change(actors::remove_member{*id}, ask, at) : not_an_id(what.parameter);
}

reply transfer_leader(const request& what, asker& ask, site& at) {
  raft::server_id to;
  if (!what.body.empty()) {
    auto body = read_object(what.body, {"to"});
    if (!body)
      return refuse_change(std::move(body.error()));
    auto id = read_id(body->value("to", nlohmann::json()), "to");
    if (!id)
      return refuse_change(std::move(id.error()));
    to = *id;
  }
  return change(actors::transfer_leadership{to}, ask, at);
}

} // namespace http
