// SPDX-License-Identifier: Apache-2.0
#include "http/actor_handlers.hpp"

#include <nlohmann/json.hpp>

namespace http {

namespace {

using nlohmann::ordered_json;

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json lost_json(std::uint64_t count, const std::vector<actors::lost_message_view>& samples) {
  ordered_json made{{"count", count}, {"samples", ordered_json::array()}};
  for (const auto& each : samples)
    made["samples"].push_back(
        {{"message", each.message}, {"from", each.from}, {"ms_ago", each.ms_ago}});
  return made;
}

/// What it last said of itself; null before it said anything.
ordered_json figures_json(const actors::actor_view& view) {
  if (!view.figures_age_ms)
    return nullptr;
  ordered_json made{{"age_ms", *view.figures_age_ms}, {"stale", view.is_stale}};
  made["stuck_in"] = view.is_stale ? text_or_null(view.current_message) : ordered_json(nullptr);
  auto& said = made["figures"] = ordered_json::object();
  for (const auto& each : view.figures)
    std::visit([&](const auto& value) { said[std::string(each.name)] = value; }, each.value);
  return made;
}

ordered_json actor_json(const actors::actor_view& each) {
  ordered_json one;
  one["name"] = each.name;
  one["kind"] = each.kind;
  one["parent"] = text_or_null(each.parent);
  one["state"] = each.state;
  one["mailbox_depth"] = each.mailbox_depth;
  one["oldest_message_ms"] = each.oldest_message_ms;
  auto has_one = !each.current_message.empty();
  one["current_message"] = text_or_null(each.current_message);
  one["current_message_ms"] = has_one ? ordered_json(each.current_message_ms) : ordered_json();
  one["current_message_from"] = text_or_null(each.current_from);
  one["messages_total"] = each.messages_total;
  one["messages_per_second"] = each.messages_per_second;
  one["rejected_total"] = each.rejected_total;
  one["queue_p50_us"] = each.queue_p50_us;
  one["queue_p99_us"] = each.queue_p99_us;
  one["handle_p50_us"] = each.handle_p50_us;
  one["handle_p99_us"] = each.handle_p99_us;
  one["restarts"] = each.restarts;
  one["last_error"] = text_or_null(each.last_error);
  one["dead_letters"] = lost_json(each.dead_letters, each.dead_letter_samples);
  one["unread_at_end"] = each.unread;
  one["unhandled"] = lost_json(each.unhandled, each.unhandled_samples);
  one["own_state"] = figures_json(each);
  return one;
}

/// Those that `parent` started, each with those that it started. Of a ring of parents nothing is shown.
ordered_json children_of(const std::string& parent, const std::vector<actors::actor_view>& all) {
  auto made = ordered_json::array();
  for (const auto& each : all)
    if (each.parent == parent && each.name != parent)
      made.push_back({{"name", each.name},
                      {"state", each.state},
                      {"restarts", each.restarts},
                      {"children", children_of(each.name, all)}});
  return made;
}

ordered_json talk_json(const actors::talk_view& each) {
  return {{"from", each.from},
          {"to", each.to},
          {"messages", each.messages},
          {"messages_per_second", each.messages_per_second},
          {"latency_p50_us", each.latency_p50_us},
          {"latency_p99_us", each.latency_p99_us}};
}

} // namespace

reply get_actors(const request&, asker&, site& at) {
  auto all = at.gateway.list_actors();
  ordered_json body;
  body["actors"] = ordered_json::array();
  for (const auto& each : all)
    body["actors"].push_back(actor_json(each));
  body["tree"] = children_of("", all);
  body["talks"] = ordered_json::array();
  for (const auto& each : at.gateway.list_talks())
    body["talks"].push_back(talk_json(each));
  return json_reply(200, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace http
