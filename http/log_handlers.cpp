// SPDX-License-Identifier: Apache-2.0
#include "http/log_handlers.hpp"

#include <nlohmann/json.hpp>

namespace http {

namespace {

/// Every directive costs each line that is logged.
constexpr std::size_t filter_bytes_max = 1024;

reply say(const log_control& log, const std::string* previous = nullptr) {
  nlohmann::ordered_json body{{"filter", log.in_force()}, {"configured", log.configured()}};
  if (previous != nullptr)
    body["previous"] = *previous;
  return json_reply(200, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

reply no_log() {
  return to_reply(refuse(501, "not_supported", "the log of this process cannot be controlled"));
}

} // namespace

reply get_log_level(const request&, asker&, site& at) {
  const auto& log = at.settings.log;
  return log.in_force ? say(log) : no_log();
}

reply set_log_level(const request& what, asker&, site& at) {
  const auto& log = at.settings.log;
  if (!log.set)
    return no_log();
  auto body = nlohmann::json::parse(what.body, nullptr, false);
  if (!body.is_object() || body.size() != 1 || !body.contains("filter")
      || !body["filter"].is_string())
    return to_reply(
        refuse(400, "bad_json",
               R"(the body must be one JSON object: {"filter":"info,aspen::http=debug"})"));
  auto wanted = body["filter"].get<std::string>();
  if (wanted.empty() || wanted.size() > filter_bytes_max)
    return to_reply(refuse(400, "bad_filter",
                           "a filter has 1 to " + std::to_string(filter_bytes_max)
                               + " bytes, this one has " + std::to_string(wanted.size())));
  auto previous = log.in_force();
  if (auto set = log.set(wanted); !set)
    return to_reply(refuse(400, "bad_filter", set.error().text));
  return say(log, &previous);
}

reply reset_log_level(const request&, asker&, site& at) {
  const auto& log = at.settings.log;
  if (!log.reset)
    return no_log();
  auto previous = log.in_force();
  log.reset();
  return say(log, &previous);
}

} // namespace http
