// SPDX-License-Identifier: Apache-2.0
#include "node/trace_inspector.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "base/log.hpp"
#include "trace/selection.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::trace";
constexpr int low_priority = 10;

std::array<prometheus::Counter*, trace::rule_count> counters_of_rules(
    prometheus::Registry& registry, const std::string& node_id) {
  auto& family = prometheus::BuildCounter()
                     .Name("aspen_trace_violations_total")
                     .Help("Violations of a rule that samples of the recording showed")
                     .Register(registry);
  std::array<prometheus::Counter*, trace::rule_count> made{};
  for (std::size_t i = 0; i < made.size(); ++i)
    made[i] = &family.Add(
        {{"node_id", node_id}, {"rule", std::string(to_string(static_cast<trace::rule>(i)))}});
  return made;
}

} // namespace

trace_inspector::trace_inspector(std::shared_ptr<const trace::recorder> recorder,
                                 std::chrono::milliseconds interval, prometheus::Registry& registry,
                                 std::uint64_t node_id,
                                 std::function<void(std::string_view)> on_violation)
  : recorder_(std::move(recorder)), interval_(interval), on_violation_(std::move(on_violation)),
    looks_(prometheus::BuildCounter()
               .Name("aspen_trace_looks_total")
               .Help("Samples of the recording that were held against the rules")
               .Register(registry)
               .Add({{"node_id", std::to_string(node_id)}})),
    broken_(counters_of_rules(registry, std::to_string(node_id))), thread_([this] { run(); }) {}

trace_inspector::~trace_inspector() {
  {
    std::lock_guard guard(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void trace_inspector::run() {
  // Of this thread alone, on Linux. Without it the looks are as cheap, and no less right.
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), low_priority));
  std::unique_lock guard(mutex_);
  while (!changed_.wait_for(guard, interval_, [this] { return is_ending_; })) {
    guard.unlock();
    look();
    guard.lock();
  }
}

void trace_inspector::look() {
  auto seen = recorder_->read();
  trace::keep_newest(seen, std::numeric_limits<std::uint64_t>::max(), events_max);
  std::vector<trace::recording> sample;
  sample.push_back(std::move(seen));
  for (const auto& each : trace::check(std::move(sample)).violations)
    tell(each);
  looks_.Increment();
}

void trace_inspector::tell(const trace::violation& what) {
  // What led to it may be gone at the next look; the first witness says when it was.
  auto witness = what.slice.substr(std::min(what.slice.find("> "), what.slice.size()));
  if (told_.size() == told_max
      || !told_.insert(what.text + witness.substr(0, witness.find('\n'))).second)
    return;
  broken_[static_cast<std::size_t>(what.which)]->Increment();
  base::log::error(target, "the recording breaks a rule",
                   {{"rule", to_string(what.which)}, {"what", what.text}, {"events", what.slice}});
  on_violation_(to_string(what.which));
}

} // namespace node
