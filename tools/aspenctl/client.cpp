// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/client.hpp"

#include <httplib.h>

#include "base/check.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;
using clock = std::chrono::steady_clock;

/// Of an answer. A page of a scan is at most 1 MiB of keys and values, six times that as JSON.
constexpr std::uint64_t answer_bytes_max = 64U << 20;

bool never_sent(httplib::Error error) {
  return error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout
         || error == httplib::Error::BindIPAddress;
}

std::string reason(httplib::Error error) {
  switch (error) {
  case httplib::Error::Connection: return "cannot connect";
  case httplib::Error::ConnectionTimeout: return "cannot connect in time";
  case httplib::Error::Read: return "the connection ended before the answer";
  case httplib::Error::Write: return "the connection ended while the request was sent";
  case httplib::Error::Canceled: return "the answer is too long";
  default: return httplib::to_string(error);
  }
}

httplib::Request request_of(const endpoint& where, const call& what, clock::time_point end) {
  httplib::Request made;
  made.method = what.method;
  made.path = what.target;
  made.headers = {{"Host", where.authority()}, {"User-Agent", "aspenctl"}};
  if (!what.body.empty())
    made.headers.emplace("Content-Type", what.content_type);
  made.body = what.body;
  made.progress = [end](std::uint64_t current, std::uint64_t total) {
    return clock::now() < end && current <= answer_bytes_max && total <= answer_bytes_max;
  };
  return made;
}

/// The members of an answer that is JSON; an empty object for any other.
ordered_json members_of(const answer& said) {
  auto parsed = ordered_json::parse(said.body, nullptr, false);
  return parsed.is_object() ? parsed : ordered_json::object();
}

std::string text_member(const ordered_json& from, const char* name) {
  auto found = from.find(name);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Whether another endpoint may do what this one did not.
bool may_another(const answer& said, const call& what) {
  if (said.status != 503 && said.status != 429 && (said.status != 504 || what.is_write()))
    return false;
  return !what.is_write() || text_member(members_of(said), "committed") == "no";
}

} // namespace

client::client(std::vector<endpoint> endpoints, patience bounds)
  : endpoints_(std::move(endpoints)), bounds_(bounds) {
  BASE_CHECK(!endpoints_.empty(), "a client needs an endpoint");
}

std::variant<answer, silence> client::ask_once(const endpoint& where, const call& what) const {
  httplib::Client http(where.host, where.port);
  http.set_connection_timeout(bounds_.dial);
  http.set_read_timeout(bounds_.command);
  http.set_write_timeout(bounds_.command);
  http.set_url_encode(false);
  auto began = clock::now();
  auto request = request_of(where, what, began + bounds_.dial + bounds_.command);
  httplib::Response response;
  auto error = httplib::Error::Success;
  if (!http.send(request, response, error)) {
    bool is_late = !never_sent(error) && clock::now() - began >= bounds_.command;
    return silence{!never_sent(error), is_late ? "no answer in time" : reason(error)};
  }
  return answer{where,
                response.status,
                std::move(response.body),
                response.get_header_value("ETag"),
                response.get_header_value("X-Aspen-Create-Revision"),
                response.get_header_value("X-Aspen-Version")};
}

outcome<answer> client::ask(const call& what) const {
  failure last{exit_status::unavailable, ""};
  for (const auto& where : endpoints_) {
    auto got = ask_once(where, what);
    if (auto* said = std::get_if<answer>(&got)) {
      if (said->is_success())
        return std::move(*said);
      auto failed = failure_of(*said, what);
      if (!may_another(*said, what))
        return tl::unexpected(std::move(failed));
      last.text += (last.text.empty() ? "" : "; ") + failed.text;
      continue;
    }
    const auto& none = std::get<silence>(got);
    auto text = where.url() + ": " + none.why;
    if (what.is_write() && none.was_sent)
      return fail(exit_status::unknown,
                  text + ": whether it was done is not known, look before you try again");
    last.text += (last.text.empty() ? "" : "; ") + text;
  }
  return tl::unexpected(std::move(last));
}

failure failure_of(const answer& said, const call& what) {
  auto members = members_of(said);
  auto text = text_member(members, "error");
  auto code = text_member(members, "code");
  auto line = said.from.url() + ": "
              + (text.empty() ? "answered " + std::to_string(said.status) : text)
              + (code.empty() ? "" : " (" + code + ")");
  bool is_unknown = text_member(members, "committed") == "unknown"
                    // Whatever stands between us and the node may have passed the request on.
                    || (what.is_write() && code.empty() && said.status >= 500);
  if (is_unknown)
    return {exit_status::unknown,
            line + ": whether it was done is not known, look before you try again"};
  switch (said.status) {
  case 404:
    return {code == "key_not_found" || code == "unknown_trace" ? exit_status::not_found
                                                               : exit_status::failed,
            line};
  case 409:
  case 412: return {exit_status::conflict, line};
  case 429:
  case 503:
  case 504: return {exit_status::unavailable, line};
  default: return {exit_status::failed, line};
  }
}

outcome<ordered_json> client::ask_for_object(const call& what) const {
  auto said = ask(what);
  if (!said)
    return tl::unexpected(std::move(said.error()));
  return object_of(*said);
}

outcome<ordered_json> object_of(const answer& said) {
  auto parsed = ordered_json::parse(said.body, nullptr, false);
  if (!parsed.is_object())
    return fail(exit_status::failed,
                said.from.url() + ": the answer is not JSON: no node of Aspen answers there");
  return parsed;
}

} // namespace aspenctl
