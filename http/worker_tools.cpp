// SPDX-License-Identifier: Apache-2.0
#include "http/worker_tools.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/log.hpp"

namespace http {

int timers::milliseconds_to_wait() const {
  int wait = -1;
  for (const auto* queue : {&request, &long_request, &backup, &send, &idle, &linger}) {
    if (queue->is_empty())
      continue;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(queue->first().at() - now).count();
    auto bounded = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
    wait = wait < 0 ? bounded : std::min(wait, bounded);
  }
  return wait;
}

deadline* timers::take_due() {
  for (auto* queue : {&request, &long_request, &backup, &send, &idle, &linger})
    if (auto* due = queue->take_due(now))
      return due;
  return nullptr;
}

void outbox::add(actors::client_write what) {
  if (!gathered_.writes)
    gathered_.writes = std::make_shared<std::vector<actors::client_write>>();
  gathered_.writes->push_back(std::move(what));
}

void outbox::add(actors::client_read what) {
  if (!gathered_.reads)
    gathered_.reads = std::make_shared<std::vector<actors::client_read>>();
  gathered_.reads->push_back(std::move(what));
}

void outbox::submit(actors::gateway& to) {
  if (gathered_.writes || gathered_.reads)
    to.submit(std::exchange(gathered_, {}));
}

worker_tools::worker_tools(http::site& shared, bool is_for_admin, std::size_t memory_bytes_max,
                           std::shared_ptr<http::inbox> box)
  : site(shared), is_admin(is_for_admin), inbox(std::move(box)), timers(shared.settings.times),
    memory(memory_bytes_max), request_trace(shared.settings.recorder.get()),
    protocol([this]() -> exchange& { return *running; }) {}

const std::string& worker_tools::date() {
  auto second = std::time(nullptr);
  if (second == date_second_)
    return date_;
  date_second_ = second;
  // Not strftime: the names of days and months are the protocol's, not the locale's.
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&second, &utc);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days[static_cast<std::size_t>(utc.tm_wday) % days.size()], utc.tm_mday,
                months[static_cast<std::size_t>(utc.tm_mon) % months.size()], utc.tm_year + 1900,
                utc.tm_hour, utc.tm_min, utc.tm_sec);
  date_ = text.data();
  logs_requests_ = base::log::enabled(base::log::level::debug, "aspen::http");
  return date_;
}

} // namespace http
