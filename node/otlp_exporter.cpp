// SPDX-License-Identifier: Apache-2.0
#include "node/otlp_exporter.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "trace/export.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::trace";

constexpr std::chrono::seconds connect_patience{2};
constexpr std::chrono::seconds answer_patience{5};

/// What is settled has not been heard of for so long: the other messages of a request are
/// recorded within it, its answer's end included.
constexpr std::uint64_t settling_ns = 1'000'000'000;
/// How long before it came to rest a trace may have begun.
constexpr std::uint64_t trace_length_ns = 30'000'000'000;

std::string path_of(const http_url& url) {
  return url.path.empty() || url.path == "/" ? "/v1/traces" : url.path;
}

std::uint64_t back_from(std::uint64_t time_ns, std::uint64_t span_ns) {
  return time_ns > span_ns ? time_ns - span_ns : 0;
}

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help,
                             std::uint64_t node_id) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(
      {{"node_id", std::to_string(node_id)}});
}

/// What a collector did not take of a request it answered with success, in its words.
std::string refused_part_of(const std::string& body) {
  auto said = nlohmann::json::parse(body, nullptr, false);
  if (!said.is_object() || !said.contains("partialSuccess") || !said["partialSuccess"].is_object())
    return {};
  const auto& part = said["partialSuccess"];
  auto rejected = part.value("rejectedSpans", nlohmann::json(0));
  if (rejected == 0 || rejected == "0")
    return {};
  return fmt::format("it refused {} spans: {}", rejected.dump(),
                     part.value("errorMessage", nlohmann::json("")).dump());
}

} // namespace

otlp_exporter::otlp_exporter(std::shared_ptr<const trace::recorder> recorder,
                             otlp_exporter_settings settings, prometheus::Registry& registry,
                             std::uint64_t node_id)
  : recorder_(std::move(recorder)), settings_(std::move(settings)),
    accepted_(counter(registry, "aspen_trace_exported_total",
                      "Traces that the collector took from this node", node_id)),
    failed_(counter(registry, "aspen_trace_export_failures_total",
                    "Traces that the collector did not take", node_id)),
    left_out_(counter(registry, "aspen_trace_export_left_out_total",
                      "Sampled traces that were not sent: beyond trace.collector_rate", node_id)),
    looked_until_ns_(trace::steady_now_ns()), thread_([this] { run(); }) {}

otlp_exporter::~otlp_exporter() {
  {
    std::lock_guard guard(mutex_);
    is_ending_ = true;
    if (asking_ != nullptr)
      asking_->stop();
  }
  changed_.notify_all();
  thread_.join();
}

void otlp_exporter::run() {
  std::unique_lock guard(mutex_);
  while (!changed_.wait_for(guard, settings_.look_interval, [this] { return is_ending_; })) {
    guard.unlock();
    look();
    guard.lock();
  }
}

void otlp_exporter::look() {
  auto until_ns = back_from(trace::steady_now_ns(), settling_ns);
  auto from_ns = std::exchange(looked_until_ns_, std::max(until_ns, looked_until_ns_));
  if (until_ns <= from_ns)
    return;
  // With what came before: a request may have begun long ago, and not be answered yet.
  auto recorded = recorder_->read(back_from(from_ns, trace_length_ns));
  auto found = trace::find_settled(recorded, from_ns, until_ns, settings_.sample);
  left_out_.Increment(static_cast<double>(found.left_out));
  if (found.taken.empty())
    return;
  auto count = static_cast<double>(found.taken.size());
  if (std::chrono::steady_clock::now() < not_before_)
    return failed_.Increment(count);
  auto outcome = post(trace::to_otlp(recorded, found.taken));
  (outcome ? accepted_ : failed_).Increment(count);
  tell(outcome);
}

base::status otlp_exporter::post(const std::string& body) {
  httplib::Client client(settings_.url.origin);
  client.set_connection_timeout(connect_patience);
  client.set_read_timeout(answer_patience);
  client.set_write_timeout(answer_patience);
  {
    std::lock_guard guard(mutex_);
    if (is_ending_)
      return base::fail(base::errc::interrupted, "the node stops");
    asking_ = &client;
  }
  auto said = client.Post(path_of(settings_.url).c_str(), body, "application/json");
  {
    std::lock_guard guard(mutex_);
    asking_ = nullptr;
  }
  if (!said)
    return base::fail(base::errc::io, httplib::to_string(said.error()));
  if (said->status / 100 != 2)
    return base::fail(base::errc::io, fmt::format("it answers with status {}", said->status));
  if (auto refused = refused_part_of(said->body); !refused.empty())
    return base::fail(base::errc::invalid, std::move(refused));
  return {};
}

void otlp_exporter::tell(const base::status& outcome) {
  auto where = settings_.url.origin + path_of(settings_.url);
  if (outcome && pause_.count() > 0)
    base::log::info(target, "the collector takes traces again", {{"collector", where}});
  if (!outcome && pause_.count() == 0)
    base::log::warn(target, "the collector does not take traces; they are not sent again",
                    {{"collector", where}, {"reason", outcome.error().text}});
  pause_ = outcome ? std::chrono::milliseconds{0}
                   : std::clamp<std::chrono::milliseconds>(pause_ * 2, settings_.look_interval,
                                                           pause_max);
  not_before_ = std::chrono::steady_clock::now() + pause_;
}

} // namespace node
