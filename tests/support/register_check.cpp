// SPDX-License-Identifier: Apache-2.0
#include "tests/support/register_check.hpp"

#include <algorithm>
#include <tuple>

namespace linearizability {

bool register_check::step::writes() const {
  return what->kind == operation_kind::put
         || (what->kind == operation_kind::compare_and_put
             && what->outcome != operation_outcome::mismatch);
}

bool register_check::step::is_blind_mismatch() const {
  return what->outcome == operation_outcome::mismatch && !observed;
}

bool register_check::step::agrees_with(state_number state) const {
  if (what->kind == operation_kind::get)
    return state == value;
  return state != expected && (!observed || state == *observed);
}

register_check::register_check(std::vector<const operation*> history, const bounds& limits)
  : limits_(limits), history_(std::move(history)) {}

judgement register_check::run() {
  number_contents();
  drop_what_cannot_matter();
  possible_.insert(configuration{{}, number_of(std::nullopt)});
  for (const auto& each : moments())
    if (!(each.is_return ? on_return(each.index) : on_call(each.index)))
      break;
  return std::move(result_);
}

register_check::state_number register_check::number_of(const content& what) {
  return numbers_.try_emplace(what, static_cast<state_number>(numbers_.size())).first->second;
}

void register_check::number_contents() {
  std::set<state_number> spoken_of;
  for (const auto* each : history_) {
    step next{each, number_of(each->value), number_of(each->expected), std::nullopt, false};
    if (each->observed)
      next.observed = number_of(*each->observed);
    if (each->kind == operation_kind::get)
      spoken_of.insert(next.value);
    if (each->kind == operation_kind::compare_and_put)
      spoken_of.insert(next.expected);
    if (next.observed)
      spoken_of.insert(*next.observed);
    steps_.push_back(next);
  }
  // A blind mismatch speaks of every value.
  bool has_blind = std::any_of(steps_.begin(), steps_.end(),
                               [](const step& each) { return each.is_blind_mismatch(); });
  for (auto& each : steps_)
    each.is_quiet =
        !has_blind && each.what->kind == operation_kind::put && !spoken_of.contains(each.value);
  spoken_of_ = std::move(spoken_of);
}

// A write of unknown outcome that nobody speaks of may as well never have happened, unless
// it is what a blind mismatch ran into.
void register_check::drop_what_cannot_matter() {
  std::uint64_t last_blind = 0;
  bool has_blind = false;
  for (const auto& each : steps_)
    if (each.is_blind_mismatch()) {
      has_blind = true;
      last_blind = std::max(last_blind, each.what->returned);
    }
  std::erase_if(steps_, [&](const step& each) {
    return each.what->outcome == operation_outcome::unknown
           && (!each.writes()
               || (!spoken_of_.contains(each.value)
                   && !(has_blind && each.what->invoked <= last_blind)));
  });
  result_.operations = steps_.size();
}

std::vector<register_check::moment> register_check::moments() const {
  std::vector<moment> all;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    all.push_back({steps_[i].what->invoked, false, i});
    if (steps_[i].what->outcome != operation_outcome::unknown)
      all.push_back({steps_[i].what->returned, true, i});
  }
  std::sort(all.begin(), all.end(), [](const moment& left, const moment& right) {
    return std::tie(left.time, left.is_return, left.index)
           < std::tie(right.time, right.is_return, right.index);
  });
  return all;
}

bool register_check::on_call(std::size_t index) {
  for (std::size_t slot = 0; slot < slots_max; ++slot)
    if (!under_way_[slot]) {
      under_way_.set(slot);
      in_slot_[slot] = index;
      slot_of_[index] = slot;
      take_at_once(slot);
      return true;
    }
  return give_up("more than 256 operations of one key were under way at once");
}

// What writes nothing happens as soon as it may: that forbids nothing to anybody else.
void register_check::take_at_once(std::size_t slot) {
  if (steps_[in_slot_[slot]].writes())
    return;
  configurations next;
  for (auto each : possible_) {
    if (steps_[in_slot_[slot]].agrees_with(each.state))
      each.done.set(slot);
    next.insert(each);
  }
  possible_ = std::move(next);
}

template <class Visitor>
void register_check::for_each_waiting(const configuration& in, Visitor&& visit) const {
  auto waiting = under_way_ & ~in.done;
  for (auto slot = waiting._Find_first(); slot < slots_max; slot = waiting._Find_next(slot))
    visit(slot, steps_[in_slot_[slot]]);
}

/// `in` after the write in `slot`, which may happen there.
register_check::configuration register_check::after_write(const configuration& in,
                                                          std::size_t slot) const {
  const auto& write = steps_[in_slot_[slot]];
  auto next = in;
  next.done.set(slot);
  next.state = write.value;
  if (write.what->kind == operation_kind::put)
    for_each_waiting(in, [&](std::size_t other, const step& each) {
      if (each.is_quiet && other != slot)
        next.done.set(other);
    });
  for_each_waiting(in, [&](std::size_t other, const step& each) {
    if (!each.writes() && each.agrees_with(next.state))
      next.done.set(other);
  });
  return next;
}

bool register_check::may_write(const configuration& in, const step& write) const {
  return write.what->kind == operation_kind::put || write.expected == in.state;
}

// The operation must have happened by now: everything that can lead to that is tried.
bool register_check::on_return(std::size_t index) {
  auto slot = slot_of_.at(index);
  configurations seen;
  configurations survivors;
  std::vector<configuration> open(possible_.begin(), possible_.end());
  while (!open.empty()) {
    auto current = open.back();
    open.pop_back();
    if (current.done[slot]) {
      survivors.insert(current);
      continue;
    }
    for_each_waiting(current, [&](std::size_t other, const step& each) {
      if (!each.writes() || !may_write(current, each) || (each.is_quiet && other != slot))
        return;
      auto next = after_write(current, other);
      if (seen.insert(next).second)
        open.push_back(next);
    });
    if (seen.size() + survivors.size() > limits_.configurations_max)
      return give_up("more ways to explain the history than fit the bound");
  }
  if (survivors.empty())
    return refuse(steps_[index]);
  possible_ = std::move(survivors);
  result_.most_states = std::max(result_.most_states, possible_.size());
  forget(slot);
  forget_what_surely_happened();
  return true;
}

void register_check::forget(std::size_t slot) {
  configurations next;
  for (auto each : possible_) {
    each.done.reset(slot);
    next.insert(each);
  }
  possible_ = std::move(next);
  under_way_.reset(slot);
  slot_of_.erase(in_slot_[slot]);
}

// An unknown outcome never returns; it makes room once every explanation needs it.
void register_check::forget_what_surely_happened() {
  auto surely = under_way_;
  for (const auto& each : possible_)
    surely &= each.done;
  for (auto slot = surely._Find_first(); slot < slots_max; slot = surely._Find_next(slot))
    if (steps_[in_slot_[slot]].what->outcome == operation_outcome::unknown)
      forget(slot);
}

bool register_check::give_up(const char* why) {
  result_.what = verdict::undecided;
  result_.why = why;
  return false;
}

bool register_check::refuse(const step& culprit) {
  std::set<std::string> held;
  for (const auto& [what, number] : numbers_)
    for (const auto& each : possible_)
      if (each.state == number)
        held.insert(what.value_or("(absent)"));
  result_.what = verdict::violated;
  result_.why = "no order explains: " + to_string(*culprit.what) + "; the key could have held";
  for (const auto& each : held)
    result_.why += " " + each;
  result_.why += "; under way:";
  for (auto slot = under_way_._Find_first(); slot < slots_max; slot = under_way_._Find_next(slot))
    result_.why += "\n  " + to_string(*steps_[in_slot_[slot]].what);
  return false;
}

} // namespace linearizability
