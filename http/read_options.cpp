// SPDX-License-Identifier: Apache-2.0
#include "http/read_options.hpp"

#include <algorithm>
#include <charconv>

#include "base/limits.hpp"

namespace http {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  auto* end = text.data() + text.size();
  auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (fault != std::errc{} || stop != end)
    return std::nullopt;
  return number;
}

tl::expected<read_options, refusal> read_read_options(const query_parameters& query) {
  read_options read;
  if (const auto* wanted = query.find("consistency")) {
    if (*wanted == "stale")
      read.consistency = actors::consistency::stale;
    else if (*wanted != "linearizable")
      return tl::unexpected(refuse(
          400, "bad_query", "consistency is 'linearizable' or 'stale', not '" + *wanted + "'"));
  }
  if (const auto* wanted = query.find("min_index")) {
    auto number = parse_number(*wanted);
    if (!number)
      return tl::unexpected(
          refuse(400, "bad_query", "min_index is a log index, not '" + *wanted + "'"));
    read.min_index = raft::log_index{*number};
  }
  return read;
}

namespace {

std::int64_t milliseconds_since(std::chrono::steady_clock::time_point then) {
  auto span = std::chrono::steady_clock::now() - then;
  return std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

} // namespace

reply with_read_fields(reply given, const read_options& options, raft::log_index applied,
                       const site& at) {
  given.set("X-Aspen-Applied-Index", std::to_string(applied.value));
  if (options.consistency == actors::consistency::stale)
    if (auto raft = at.gateway.status().get<actors::raft_status>()) {
      given.set("X-Aspen-Commit-Index",
                std::to_string(std::max(raft->core.commit_index, applied).value));
      if (raft->in_touch)
        given.set("X-Aspen-Age-Ms", std::to_string(milliseconds_since(*raft->in_touch)));
    }
  return given;
}

std::optional<refusal> check_key(const std::string& key) {
  auto checked = storage::check_key(key);
  if (checked)
    return std::nullopt;
  if (checked.error().code == base::errc::limit)
    return refuse_over("key_too_large", "bytes in the key", base::limits::key_bytes_max,
                       key.size());
  return refuse(400, "bad_key", checked.error().text);
}

} // namespace http
