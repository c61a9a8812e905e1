// SPDX-License-Identifier: Apache-2.0
#include "actors/actor_stats.hpp"

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cxxabi.h>
#include <fstream>
#include <unistd.h>

namespace actors {

namespace {

actor_view view_of(const actor_stats& life, std::uint64_t restarts, const std::string& last_error) {
  actor_view view;
  auto now = now_ns();
  view.name = life.name;
  view.kind = life.kind;
  view.parent = life.parent;
  view.mailbox_depth = life.has_ended ? 0 : life.depth.load();
  view.messages_total = life.messages.load();
  view.rejected_total = life.rejected.load();
  view.restarts = restarts;
  view.last_error = last_error;
  if (auto* type = life.current.load())
    view.current_message = type_name(*type);
  view.state = life.has_ended ? "ended" : view.current_message.empty() ? "idle" : "running";
  if (auto since = life.waiting_since_ns.load();
      view.mailbox_depth > 0 && since != 0 && since < now)
    view.oldest_message_ms = (now - since) / 1'000'000;
  view.queue_p50_us = life.queueing.quantile_us(0.5);
  view.queue_p99_us = life.queueing.quantile_us(0.99);
  view.handle_p50_us = life.handling.quantile_us(0.5);
  view.handle_p99_us = life.handling.quantile_us(0.99);
  return view;
}

/// Everything the kernel accounts to the thread as read or written (proc(5), `io`), summed;
/// zero where it does not tell.
std::uint64_t bytes_moved_by(int thread) {
  std::ifstream account("/proc/self/task/" + std::to_string(thread) + "/io");
  std::uint64_t sum = 0;
  std::string what;
  for (std::uint64_t count = 0; account >> what >> count;)
    sum += count;
  return sum;
}

} // namespace

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

double duration_counter::upper_bound_ns(std::size_t bucket) {
  if (bucket < per_octave)
    return static_cast<double>(bucket + 1);
  auto octave = bucket / per_octave + 1;
  auto quarter = bucket % per_octave;
  return std::ldexp(1.0 + static_cast<double>(quarter + 1) / per_octave, static_cast<int>(octave));
}

double duration_counter::quantile_us(double share) const {
  std::uint64_t total = 0;
  for (const auto& count : counts_)
    total += count.load(std::memory_order_relaxed);
  if (total == 0)
    return 0;
  auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i].load(std::memory_order_relaxed);
    if (seen >= wanted)
      return upper_bound_ns(i) / 1000;
  }
  return upper_bound_ns(counts_.size() - 1) / 1000;
}

std::shared_ptr<actor_stats> actor_registry::add(std::string name, std::string kind,
                                                 std::string parent, std::uint64_t mailbox_limit) {
  auto life = std::make_shared<actor_stats>();
  life->name = std::move(name);
  life->kind = std::move(kind);
  life->parent = std::move(parent);
  life->mailbox_limit = mailbox_limit;
  if (recorder_)
    life->traced_as = recorder_->id_of(life->name);
  std::lock_guard guard(mutex_);
  for (auto& each : rows_)
    if (each.life->name == life->name) {
      each.life = life;
      ++each.restarts;
      return life;
    }
  rows_.push_back({life, 0, {}});
  return life;
}

void actor_registry::record_end(const actor_stats& life, std::string reason) {
  std::lock_guard guard(mutex_);
  for (auto& each : rows_)
    if (each.life->name == life.name && !reason.empty())
      each.last_error = std::move(reason);
}

std::vector<actor_view> actor_registry::list() const {
  std::lock_guard guard(mutex_);
  std::vector<actor_view> views;
  views.reserve(rows_.size());
  for (const auto& each : rows_)
    views.push_back(view_of(*each.life, each.restarts, each.last_error));
  return views;
}

std::shared_ptr<actor_stats> actor_registry::life_of(std::string_view name) const {
  std::lock_guard guard(mutex_);
  for (const auto& each : rows_)
    if (each.life->name == name)
      return each.life;
  return nullptr;
}

std::uint64_t actor_registry::messages_of(std::string_view name) const {
  auto life = life_of(name);
  return life ? life->messages.load() : 0;
}

std::uint64_t actor_registry::work_of(std::string_view name) const {
  auto life = life_of(name);
  return life ? life->messages.load() + bytes_moved_by(life->thread.load()) : 0;
}

std::chrono::milliseconds actor_registry::busy_for(std::string_view name) const {
  auto life = life_of(name);
  if (!life || life->has_ended || life->current.load() == nullptr)
    return std::chrono::milliseconds::zero();
  auto since = life->current_since_ns.load();
  auto now = now_ns();
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds(now > since ? now - since : 0));
}

int thread_number() {
  thread_local const int number = ::gettid();
  return number;
}

std::string type_name(const std::type_info& type) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type.name();
}

} // namespace actors
