// SPDX-License-Identifier: Apache-2.0
#include "http/request_trace.hpp"

#include <string>

#include "http/route_table.hpp"

namespace http {

request_trace::request_trace(trace::recorder* recorder) : recorder_(recorder) {
  if (recorder_)
    as_ = recorder_->id_of("http");
}

void request_trace::began(const trace_context& whose) const {
  if (recorder_)
    recorder_->record({trace::steady_now_ns(), whose.trace, whose.span, 0, 0, as_, 0, 0,
                       trace::event_kind::http_began});
}

void request_trace::ended(const trace_context& whose, const route* matched, int status,
                          std::chrono::nanoseconds took) {
  if (recorder_)
    recorder_->record({trace::steady_now_ns(), whose.trace, whose.span, 0,
                       static_cast<std::uint64_t>(took.count()), as_, name_of(status),
                       name_of(matched), trace::event_kind::http_ended});
}

trace::name_id request_trace::name_of(const route* matched) {
  auto [at, is_new] = routes_.try_emplace(matched);
  if (is_new)
    at->second = recorder_->id_of(matched ? std::string(to_string(matched->method)) + " "
                                                + std::string(matched->pattern)
                                          : std::string("no route"));
  return at->second;
}

trace::name_id request_trace::name_of(int status) {
  auto [at, is_new] = statuses_.try_emplace(status);
  if (is_new)
    at->second = recorder_->id_of(std::to_string(status));
  return at->second;
}

} // namespace http
