// SPDX-License-Identifier: Apache-2.0
#include "http/reply.hpp"

#include <nlohmann/json.hpp>

namespace http {

namespace {

using actors::commit_status;
using actors::failure_code;

struct failure_row {
  failure_code code;
  int status;
  std::string_view name;
};

constexpr failure_row failure_table[] = {
    {failure_code::unavailable, 503, "unavailable"},
    {failure_code::not_leader, 503, "no_leader"},
    {failure_code::overloaded, 429, "overloaded"},
    {failure_code::timeout, 504, "timeout"},
    {failure_code::storage_full, 507, "storage_full"},
    {failure_code::storage_busy, 503, "storage_busy"},
    {failure_code::storage_failed, 503, "storage_failed"},
    {failure_code::blocked, 409, "blocked"},
    {failure_code::unsupported, 400, "unsupported"},
    {failure_code::draining, 503, "draining"},
    {failure_code::invalid, 400, "invalid"},
    {failure_code::leader_elsewhere, 409, "not_leader"},
    {failure_code::conflict, 409, "conflict"},
    {failure_code::unmet, 412, "unmet"},
    {failure_code::unknown_member, 404, "unknown_member"},
    {failure_code::unknown_child, 404, "unknown_child"},
};

std::string_view to_string(commit_status value) {
  switch (value) {
  case commit_status::no: return "no";
  case commit_status::unknown: return "unknown";
  case commit_status::yes: return "yes";
  }
  return "unknown";
}

std::string whole_seconds(std::chrono::milliseconds span) {
  return std::to_string(std::max<std::int64_t>(1, (span.count() + 999) / 1000));
}

/// Text may quote what a client sent; what is no UTF-8 is replaced, never refused.
std::string dump(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

reply json_reply(int status, std::string body) {
  reply made;
  made.status = status;
  made.body = std::move(body);
  return made;
}

refusal refuse(int status, std::string_view code, std::string text) {
  refusal made;
  made.status = status;
  made.code = code;
  made.text = std::move(text);
  return made;
}

refusal refuse_at(std::uint64_t position, std::string_view code, std::string text) {
  auto made = refuse(400, code, std::move(text) + " at position " + std::to_string(position));
  made.position = position;
  return made;
}

refusal refuse_over(std::string_view code, std::string text, std::uint64_t limit,
                    std::uint64_t actual) {
  auto made = refuse(413, code,
                     std::move(text) + ": " + std::to_string(actual) + " is more than "
                         + std::to_string(limit));
  made.limit = limit;
  made.actual = actual;
  return made;
}

refusal refusal_from(const actors::failure& why, bool is_write) {
  refusal made = refuse(503, "unavailable", why.text);
  for (const auto& row : failure_table)
    if (row.code == why.code) {
      made.status = row.status;
      made.code = row.name;
    }
  if (!why.reason.empty())
    made.code = why.reason;
  if (is_write) {
    made.committed = why.committed;
    if (why.committed == commit_status::unknown)
      made.status = 504;
  }
  if (why.limit != 0) {
    made.limit = why.limit;
    made.actual = why.actual;
  }
  made.retry_after = why.retry_after;
  made.closes_connection = why.code == failure_code::draining;
  return made;
}

reply to_reply(const refusal& why) {
  nlohmann::ordered_json body;
  body["error"] = why.text;
  body["code"] = why.code;
  if (why.committed)
    body["committed"] = to_string(*why.committed);
  if (why.position)
    body["position"] = *why.position;
  if (why.limit)
    body["limit"] = *why.limit;
  if (why.actual)
    body["actual"] = *why.actual;
  if (why.revision)
    body["revision"] = *why.revision;
  auto made = json_reply(why.status, dump(body));
  made.closes_connection = why.closes_connection;
  if (why.status == 429 || why.status == 503 || why.retry_after.count() > 0)
    made.set("Retry-After", whole_seconds(why.retry_after));
  if (!why.allow.empty())
    made.set("Allow", why.allow);
  if (why.revision && *why.revision != 0)
    made.set("ETag", '"' + std::to_string(*why.revision) + '"');
  return made;
}

} // namespace http
