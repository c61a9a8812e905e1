// SPDX-License-Identifier: Apache-2.0
#include "node/dump_writer.hpp"

#include "base/log.hpp"
#include "trace/last_messages.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::trace";
constexpr auto supervisor_target = "aspen::supervisor";

/// What a failed actor did before its end.
void log_last_messages(const trace::recording& read, const std::string& child) {
  constexpr std::uint64_t ns_per_us = 1000;
  for (const auto& each : trace::last_messages_of(read, child, dump_writer::last_messages_max)) {
    auto from = each.from.empty() ? std::string("outside") : each.from;
    auto before_ms = (read.events.back().event.time_ns - each.received_ns) / 1'000'000;
    if (each.is_finished)
      base::log::warn(supervisor_target, "last message",
                      {{"child", child},
                       {"message", each.message},
                       {"from", from},
                       {"before_ms", before_ms},
                       {"waited_us", each.waited_ns / ns_per_us},
                       {"handled_us", each.handled_ns / ns_per_us}});
    else
      base::log::warn(supervisor_target, "last message, not finished",
                      {{"child", child},
                       {"message", each.message},
                       {"from", from},
                       {"before_ms", before_ms},
                       {"waited_us", each.waited_ns / ns_per_us}});
  }
}

} // namespace

dump_writer::dump_writer(std::shared_ptr<const trace::recorder> recorder,
                         std::optional<trace::dump_store> store, std::chrono::milliseconds pause)
  : recorder_(std::move(recorder)), store_(std::move(store)), pause_(pause),
    thread_([this] { run(); }) {}

dump_writer::~dump_writer() {
  {
    std::lock_guard guard(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::string dump_writer::ask_for(std::string_view trigger, std::string_view reason,
                                 std::string_view child) {
  auto now = std::chrono::steady_clock::now();
  std::lock_guard guard(mutex_);
  auto last = last_.find(trigger);
  if (last != last_.end() && now - last->second.at < pause_)
    return last->second.name;
  if (waiting_.size() == waiting_max || (last == last_.end() && last_.size() == triggers_max))
    return {};
  auto name = store_ ? trace::name_of_dump(trigger) : std::string();
  last_.insert_or_assign(std::string(trigger), taken_up{now, name});
  waiting_.push_back({std::string(trigger), std::string(reason), std::string(child), name});
  changed_.notify_all();
  return name;
}

void dump_writer::run() {
  std::unique_lock guard(mutex_);
  for (;;) {
    changed_.wait(guard, [this] { return is_ending_ || !waiting_.empty(); });
    if (waiting_.empty())
      return;
    auto what = std::move(waiting_.front());
    waiting_.pop_front();
    guard.unlock();
    perform(what);
    guard.lock();
  }
}

void dump_writer::perform(const wish& what) {
  if (!store_ && what.child.empty())
    return;
  auto read = recorder_->read();
  auto is_kept = store_ && write(read, what);
  if (what.child.empty() || read.events.empty())
    return;
  base::log::error(supervisor_target, "crash report",
                   {{"child", what.child},
                    {"reason", what.reason},
                    {"dump", is_kept ? what.name : std::string("none")}});
  log_last_messages(read, what.child);
}

bool dump_writer::write(trace::recording& read, const wish& what) {
  read.reason = what.reason;
  auto written = store_->write(read, what.name);
  if (written)
    base::log::warn(target, "the flight recorder was dumped",
                    {{"trigger", what.trigger}, {"reason", what.reason}, {"file", what.name}});
  else
    base::log::error(
        target, "the flight recorder could not be dumped",
        {{"trigger", what.trigger}, {"reason", what.reason}, {"error", written.error().text}});
  return written.has_value();
}

} // namespace node
