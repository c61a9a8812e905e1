// SPDX-License-Identifier: Apache-2.0
#include "http/gate.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "http/health.hpp"
#include "http/percent.hpp"

namespace http {

namespace limits = base::limits;

namespace {

constexpr std::size_t ignored_body_bytes_max = 64 * limits::kibibyte;

bool is_reading(method value) {
  return value == method::get || value == method::head;
}

/// Names of others' hosts, pages of others' origins (hazards: DNS rebinding, CSRF).
std::optional<refusal> check_sender(const request_head& head, const site& at) {
  if (!head.host.empty() || head.has_host)
    if (!at.host_rule.allows(head.host))
      return refuse(421, "wrong_host",
                    "this node does not answer to Host '" + std::string(head.host)
                        + "'; add it to http.allowed_hosts if it should");
  if (const auto* origin = head.find("origin");
      origin != nullptr && !host_rule::is_same_origin(origin->value, head.host))
    return refuse(403, "foreign_origin",
                  "requests of pages from '" + std::string(origin->value) + "' are not served");
  const auto* site_of_page = head.find("sec-fetch-site");
  if (site_of_page != nullptr && !is_reading(head.method)
      && equals_ignoring_case(site_of_page->value, "cross-site"))
    return refuse(403, "foreign_origin", "requests of other sites' pages are not served");
  return std::nullopt;
}

std::optional<refusal> find(request& what, bool is_admin_listener, const route*& matched) {
  auto question = std::min(what.head.target.find('?'), what.head.target.size());
  what.path = what.head.target.substr(0, question);
  auto match = find_route(what.head.method, what.path, is_admin_listener);
  if (match.found == nullptr && match.allow.empty())
    return refuse(404, "unknown_path", "there is no such path here");
  if (match.found == nullptr) {
    auto wrong = refuse(405, "method_not_allowed", "this path answers to " + match.allow);
    wrong.allow = match.allow;
    return wrong;
  }
  matched = match.found;
  auto parameter = percent_decode(match.parameter, false);
  if (!parameter.is_ok())
    return refuse_at(static_cast<std::size_t>(match.parameter.data() - what.head.target.data())
                         + parameter.bad_at,
                     "bad_encoding", "bad percent-encoding");
  what.parameter = std::move(parameter.text);
  if (question == what.head.target.size())
    return std::nullopt;
  return what.query.parse(what.head.target.substr(question + 1), question + 1,
                          matched->query != "*");
}

std::optional<refusal> check_query(const request& what, const route& matched) {
  if (matched.query == "*")
    return std::nullopt;
  for (const auto& [name, value] : what.query.all()) {
    auto known = matched.query;
    bool is_known = false;
    while (!known.empty() && !is_known) {
      auto blank = std::min(known.find(' '), known.size());
      is_known = known.substr(0, blank) == name;
      known.remove_prefix(std::min(blank + 1, known.size()));
    }
    if (!is_known)
      return refuse(400, "bad_query",
                    "unknown query parameter '" + name + "'; known here: "
                        + (matched.query.empty() ? "none" : std::string(matched.query)));
  }
  return std::nullopt;
}

std::optional<refusal> check_body(const request_head& head, const route& matched) {
  bool is_needed = matched.body == body_rule::value || matched.body == body_rule::document;
  if (matched.body == body_rule::absent && head.content_length > 0)
    return refuse(400, "unexpected_body", "a body has no meaning here");
  if (is_needed && !head.has_content_length)
    return refuse(411, "length_required", "a body is needed, with its Content-Length");
  auto limit = body_bytes_max(matched.body);
  if (head.content_length > limit)
    return refuse_over(matched.body == body_rule::value ? "value_too_large" : "body_too_large",
                       matched.body == body_rule::value ? "bytes in the value"
                                                        : "bytes in the body",
                       limit, head.content_length);
  if (const auto* coding = head.find("content-encoding");
      coding != nullptr && !equals_ignoring_case(coding->value, "identity"))
    return refuse(415, "content_encoding", "no content coding is accepted");
  constexpr std::string_view multipart = "multipart/";
  if (const auto* type = head.find("content-type");
      type != nullptr && equals_ignoring_case(type->value.substr(0, multipart.size()), multipart))
    return refuse(415, "multipart", "multipart bodies are not accepted; send the bytes alone");
  return std::nullopt;
}

/// Says no in one place to what the data may not be asked for just now.
std::optional<refusal> check_phase(const route& matched, const site& at) {
  if (matched.plane != plane::data)
    return std::nullopt;
  auto phase = at.phase();
  if (phase == actors::phase::draining) {
    auto draining = refuse(503, "draining", "the node is stopping");
    draining.closes_connection = true;
    return draining;
  }
  if (phase != actors::phase::refused)
    return std::nullopt;
  auto said = at.gateway.status().get<actors::supervisor_status>();
  return refuse(
      503, "refused",
      find_violation(said.get(), outvoted_rule) != nullptr
          ? "the node is fenced: a majority of the replicas has another state; see /health"
          : "the node refused to start on its stores; see /health");
}

} // namespace

std::size_t body_bytes_max(body_rule rule) {
  switch (rule) {
  case body_rule::absent: return 0;
  case body_rule::ignored: return ignored_body_bytes_max;
  case body_rule::value: return limits::value_bytes_max;
  case body_rule::document: return limits::http_body_bytes_max;
  }
  return 0;
}

std::optional<refusal> check_request(request& what, const site& at, bool is_admin_listener,
                                     const route*& matched) {
  matched = nullptr;
  if (auto wrong = check_sender(what.head, at))
    return wrong;
  if (auto wrong = find(what, is_admin_listener, matched))
    return wrong;
  if (what.head.find("idempotency-key") != nullptr)
    return refuse(501, "not_implemented",
                  "Idempotency-Key is not supported; without it a retry may apply twice");
  if (auto wrong = check_body(what.head, *matched))
    return wrong;
  if (auto wrong = check_query(what, *matched))
    return wrong;
  return check_phase(*matched, at);
}

} // namespace http
