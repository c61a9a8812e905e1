// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/clients.hpp"

#include <algorithm>

namespace sim {

namespace {

constexpr sim_time way_min = 50 * microsecond;
constexpr sim_time way_max = 500 * microsecond;
constexpr sim_time patience_min = 1 * second;
constexpr sim_time patience_max = 4 * second;

} // namespace

clients::clients(scheduler& clock, oracle& judge, report& counters, client_habits habits,
                 dice random, std::vector<server*> servers)
  : clock_(clock), judge_(judge), counters_(counters), habits_(habits), random_(random),
    servers_(servers), preferred_(std::move(servers)), clients_(habits.clients) {}

void clients::start() {
  for (std::uint64_t who = 0; who < clients_.size(); ++who)
    think(who);
}

void clients::think(std::uint64_t who) {
  auto pause = random_.between(0, habits_.think_max);
  if (habits_.shift != 0 && (clock_.now() + pause) / habits_.shift % 2 != 0)
    pause += habits_.shift;
  clock_.after(pause, [this, who] { begin(who); });
}

server* clients::choose(client& who) {
  if (who.target == nullptr || random_.happens(200))
    who.target = random_.pick(preferred_);
  return who.target;
}

client_request clients::make_request(client& who) {
  client_request made;
  made.operation = operations_.size() + 1;
  made.key = static_cast<std::uint32_t>(random_.below(habits_.keys));
  made.is_read = random_.happens(habits_.reads_per_mille);
  if (made.is_read)
    return made;
  made.what = {made.operation, made.key, random_.happens(habits_.conditional_per_mille),
               ++last_value_, 0};
  if (made.what.is_conditional)
    made.what.expected = who.seen[made.key];
  return made;
}

void clients::begin(std::uint64_t who) {
  if (is_stopped_)
    return;
  auto& me = clients_[who];
  auto made = make_request(me);
  made.promised = judge_.acknowledged_index();
  operations_.push_back({who + 1, made, clock_.now()});
  me.current = made.operation;
  clock_.after(random_.between(way_min, way_max), [to = choose(me), made] { to->request(made); });
  clock_.after(random_.between(patience_min, patience_max),
               [this, number = made.operation] { give_up(number); });
}

void clients::answer(std::uint64_t number, const client_answer& what) {
  const auto& one = at(number);
  if (const auto* done = std::get_if<write_done>(&what))
    judge_.acknowledged(number, done->index);
  if (const auto* seen = std::get_if<read_done>(&what))
    judge_.read(one.asked.promised, seen->at);
  clock_.after(random_.between(way_min, way_max), [this, number, what] { conclude(number, what); });
}

void clients::conclude(std::uint64_t number, const client_answer& what) {
  auto& one = at(number);
  auto& me = clients_[one.client - 1];
  if (one.state != stage::open)
    return; // it has given up
  if (const auto* seen = std::get_if<read_done>(&what)) {
    one.found = seen->value;
    finish(one, stage::ok);
    me.seen[one.asked.key] = seen->value;
  } else if (std::holds_alternative<write_done>(what)) {
    finish(one, stage::ok);
    me.seen[one.asked.key] = one.asked.what.value;
  } else if (const auto* judged = std::get_if<write_judged>(&what)) {
    one.found = judged->found;
    finish(one, judged->is_done ? stage::ok : stage::mismatch);
    me.seen[one.asked.key] = judged->is_done ? one.asked.what.value : judged->found;
  } else if (const auto* refused = std::get_if<not_done>(&what)) {
    auto found = std::find_if(servers_.begin(), servers_.end(),
                              [&](server* each) { return each->id() == refused->leader; });
    me.target = found != servers_.end() ? *found : nullptr;
    finish(one, stage::not_done);
  } else {
    me.target = nullptr;
    finish(one, stage::unknown);
  }
}

void clients::give_up(std::uint64_t number) {
  auto& one = at(number);
  if (one.state != stage::open)
    return;
  auto& me = clients_[one.client - 1];
  if (me.target != nullptr)
    me.target->forget(number);
  me.target = nullptr;
  finish(one, one.asked.is_read ? stage::not_done : stage::unknown);
}

void clients::finish(operation& one, stage how) {
  one.state = how;
  one.returned = clock_.now();
  bool is_done = how == stage::ok || how == stage::mismatch;
  if (is_done)
    ++(one.asked.is_read ? counters_.reads_done : counters_.writes_done);
  if (is_done && one.asked.operation > mark_)
    ++(one.asked.is_read ? reads_since_mark_ : writes_since_mark_);
  counters_.unknown += how == stage::unknown ? 1 : 0;
  think(one.client - 1);
}

std::vector<linearizability::operation> clients::history() const {
  auto text = [](std::uint64_t value) {
    return value == 0 ? linearizability::content{}
                      : linearizability::content{"v" + std::to_string(value)};
  };
  std::vector<linearizability::operation> made;
  for (const auto& each : operations_) {
    linearizability::operation next;
    next.client = each.client;
    next.key = std::to_string(each.asked.key);
    next.invoked = each.invoked;
    next.returned = each.returned;
    next.value = text(each.asked.is_read ? each.found : each.asked.what.value);
    next.expected = text(each.asked.what.expected);
    next.kind = each.asked.is_read               ? linearizability::operation_kind::get
                : each.asked.what.is_conditional ? linearizability::operation_kind::compare_and_put
                                                 : linearizability::operation_kind::put;
    if (each.state == stage::mismatch)
      next.observed = text(each.found);
    using linearizability::operation_outcome;
    next.outcome = each.state == stage::ok         ? operation_outcome::ok
                   : each.state == stage::mismatch ? operation_outcome::mismatch
                   : each.state == stage::not_done ? operation_outcome::not_done
                                                   : operation_outcome::unknown;
    made.push_back(std::move(next));
  }
  return made;
}

} // namespace sim
