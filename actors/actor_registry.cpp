// SPDX-License-Identifier: Apache-2.0
#include "actors/actor_registry.hpp"

#include <algorithm>
#include <fstream>

namespace actors {

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

std::uint64_t ms_between(std::uint64_t then, std::uint64_t now) {
  return then != 0 && then < now ? (now - then) / ns_per_ms : 0;
}

/// How many wait behind the message in hand.
std::uint64_t waiting_in(const actor_stats& life) {
  auto depth = life.depth.get();
  return depth > 0 && life.in_hand.is_one() ? depth - 1 : depth;
}

/// How long a message waits, if one does.
std::uint64_t waits_ms(const actor_stats& life, std::uint64_t now) {
  return waiting_in(life) > 0 ? ms_between(life.waiting_since_ns.load(), now) : 0;
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

void show_figures(actor_view& view, const actor_stats& life, std::uint64_t now) {
  constexpr auto stale_ms = std::chrono::milliseconds(actor_registry::stale_after).count();
  auto said = life.figures.read();
  if (said.published_ns == 0)
    return;
  view.figures = std::move(said.figures);
  view.figures_age_ms = ms_between(said.published_ns, now);
  view.is_stale = life.has_ended || view.current_message_ms >= static_cast<std::uint64_t>(stale_ms);
}

} // namespace

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
  auto known = std::ranges::find_if(
      rows_, [&life](const row& each) { return each.life->name == life->name; });
  if (known == rows_.end())
    known = rows_.insert(rows_.end(), row{nullptr, std::make_shared<actor_losses>(), 0, {}});
  else
    ++known->restarts;
  auto place = static_cast<std::size_t>(known - rows_.begin()) + 1;
  life->number = place <= numbers_max ? static_cast<actor_number>(place) : actor_number{0};
  life->losses = known->losses;
  known->life = life;
  return life;
}

void actor_registry::record_end(const actor_stats& life, std::string reason) {
  std::lock_guard guard(mutex_);
  for (auto& each : rows_)
    if (each.life->name == life.name && !reason.empty())
      each.last_error = std::move(reason);
}

// -- looks from outside ---------------------------------------------------------------

std::string actor_registry::name_of_number(std::uint32_t number) const {
  if (number == talk_table::others)
    return "(others)";
  return number == 0 || number > rows_.size() ? "outside" : rows_[number - 1].life->name;
}

std::vector<lost_message_view> actor_registry::samples_of(const lost_messages& what,
                                                          std::uint64_t now) const {
  std::vector<lost_message_view> seen;
  for (const auto& each : what.samples())
    seen.push_back({name_of(each.what), name_of_number(each.from), ms_between(each.at_ns, now)});
  std::ranges::sort(seen, {}, &lost_message_view::ms_ago);
  return seen;
}

actor_view actor_registry::view_of(const row& which, std::uint64_t now) const {
  const auto& life = *which.life;
  actor_view view;
  view.name = life.name;
  view.kind = life.kind;
  view.parent = life.parent;
  view.mailbox_depth = waiting_in(life);
  view.oldest_message_ms = waits_ms(life, now);
  if (life.in_hand.is_one()) {
    view.current_message = name_of(life.in_hand.type());
    view.current_from = name_of_number(life.in_hand.from());
    view.current_message_ms = ms_between(life.in_hand.since_ns(), now);
  }
  view.state = life.has_ended ? "ended" : view.current_message.empty() ? "idle" : "running";
  view.messages_total = life.messages.load();
  view.messages_per_second = life.has_ended ? 0 : life.rate.per_second(now);
  view.rejected_total = life.rejected.load();
  view.queue_p50_us = life.queueing.quantile_us(0.5);
  view.queue_p99_us = life.queueing.quantile_us(0.99);
  view.handle_p50_us = life.handling.quantile_us(0.5);
  view.handle_p99_us = life.handling.quantile_us(0.99);
  view.restarts = which.restarts;
  view.last_error = which.last_error;
  view.dead_letters = which.losses->dead.count();
  view.dead_letter_samples = samples_of(which.losses->dead, now);
  view.unread = which.losses->unread.load();
  view.unhandled = which.losses->unhandled.count();
  view.unhandled_samples = samples_of(which.losses->unhandled, now);
  show_figures(view, life, now);
  return view;
}

std::vector<actor_view> actor_registry::list() const {
  std::lock_guard guard(mutex_);
  auto now = now_ns();
  std::vector<actor_view> views;
  views.reserve(rows_.size());
  for (const auto& each : rows_)
    views.push_back(view_of(each, now));
  return views;
}

std::vector<talk_view> actor_registry::list_talks() const {
  std::lock_guard guard(mutex_);
  auto now = now_ns();
  std::vector<talk_view> views;
  for (const auto& each : rows_)
    each.life->talks.for_each([&](const talk_table::talk& talk) {
      views.push_back({name_of_number(talk.from.load()), each.life->name, talk.messages.load(),
                       talk.rate.per_second(now), talk.latency.quantile_us(0.5),
                       talk.latency.quantile_us(0.99)});
    });
  return views;
}

std::optional<longest_wait> actor_registry::take_longest_wait(std::chrono::milliseconds least) {
  std::lock_guard guard(mutex_);
  auto now = now_ns();
  std::optional<longest_wait> found;
  auto longest = static_cast<std::uint64_t>(least.count());
  for (const auto& each : rows_) {
    auto waited =
        std::max(each.life->longest_wait_ns.exchange(0) / ns_per_ms, waits_ms(*each.life, now));
    if (waited < longest || each.life->has_ended)
      continue;
    longest = waited;
    const auto& in_hand = each.life->in_hand;
    found = longest_wait{each.life->name, waited, waiting_in(*each.life),
                         in_hand.is_one() ? name_of(in_hand.type()) : std::string()};
  }
  return found;
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
  if (!life || life->has_ended)
    return std::chrono::milliseconds::zero();
  return std::chrono::milliseconds(ms_between(life->in_hand.since_ns(), now_ns()));
}

} // namespace actors
