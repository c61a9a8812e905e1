// SPDX-License-Identifier: Apache-2.0
#include "node/dump_writer.hpp"

#include "base/log.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::trace";

} // namespace

dump_writer::dump_writer(std::shared_ptr<const trace::recorder> recorder, trace::dump_store store,
                         std::chrono::milliseconds pause)
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

void dump_writer::ask_for(std::string_view reason) {
  auto now = std::chrono::steady_clock::now();
  std::lock_guard guard(mutex_);
  auto last = last_.find(reason);
  if (last != last_.end() && now - last->second < pause_)
    return;
  if (waiting_.size() == waiting_max || (last == last_.end() && last_.size() == reasons_max))
    return;
  last_.insert_or_assign(std::string(reason), now);
  waiting_.emplace_back(reason);
  changed_.notify_all();
}

void dump_writer::run() {
  std::unique_lock guard(mutex_);
  for (;;) {
    changed_.wait(guard, [this] { return is_ending_ || !waiting_.empty(); });
    if (waiting_.empty())
      return;
    auto reason = std::move(waiting_.front());
    waiting_.pop_front();
    guard.unlock();
    write(reason);
    guard.lock();
  }
}

void dump_writer::write(const std::string& reason) {
  auto written = store_.write(recorder_->read(), reason);
  if (written)
    base::log::warn(target, "the flight recorder was dumped",
                    {{"reason", reason}, {"file", *written}});
  else
    base::log::error(target, "the flight recorder could not be dumped",
                     {{"reason", reason}, {"error", written.error().text}});
}

} // namespace node
