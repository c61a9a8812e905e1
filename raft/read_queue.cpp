// SPDX-License-Identifier: Apache-2.0
#include "raft/read_queue.hpp"

#include <limits>

namespace raft {

std::size_t read_queue::size() const {
  return before_own_commit_.size() + for_round_.size() + in_round_.size() + for_leader_.size()
         + at_leader_.size() + for_apply_.size();
}

bool read_queue::contains(request_id request) const {
  return before_own_commit_.contains(request) || for_round_.contains(request)
         || in_round_.contains(request) || for_leader_.contains(request)
         || at_leader_.contains(request) || for_apply_.contains(request);
}

void read_queue::add_for_apply(request_id request, log_index index) {
  for_apply_[request] = index;
  for_apply_by_index_.emplace(index, request);
}

void read_queue::forget(request_id request) {
  before_own_commit_.erase(request);
  for_round_.erase(request);
  in_round_.erase(request);
  for_leader_.erase(request);
  at_leader_.erase(request);
  if (auto found = for_apply_.find(request); found != for_apply_.end()) {
    for_apply_by_index_.erase({found->second, request});
    for_apply_.erase(found);
  }
}

std::vector<request_id> read_queue::take_before_own_commit() {
  std::vector<request_id> taken(before_own_commit_.begin(), before_own_commit_.end());
  before_own_commit_.clear();
  return taken;
}

void read_queue::begin_round() {
  in_round_.merge(for_round_);
}

std::vector<read_confirmed> read_queue::finish_round() {
  std::vector<read_confirmed> confirmed;
  for (const auto& [request, index] : in_round_)
    confirmed.push_back({request, index});
  in_round_.clear();
  return confirmed;
}

std::vector<request_id> read_queue::finish_question() {
  std::vector<request_id> answered(at_leader_.begin(), at_leader_.end());
  at_leader_.clear();
  return answered;
}

std::vector<request_id> read_queue::drop_leaders() {
  auto dropped = finish_question();
  dropped.insert(dropped.end(), for_leader_.begin(), for_leader_.end());
  for_leader_.clear();
  return dropped;
}

bool read_queue::wants_apply(log_index after, log_index up_to) const {
  auto next = for_apply_by_index_.upper_bound({after, std::numeric_limits<request_id>::max()});
  return next != for_apply_by_index_.end() && next->first <= up_to;
}

std::vector<read_confirmed> read_queue::take_applied(log_index last_applied) {
  std::vector<read_confirmed> taken;
  while (!for_apply_by_index_.empty() && for_apply_by_index_.begin()->first <= last_applied) {
    auto [index, request] = *for_apply_by_index_.begin();
    for_apply_by_index_.erase(for_apply_by_index_.begin());
    for_apply_.erase(request);
    taken.push_back({request, index});
  }
  return taken;
}

std::vector<request_id> read_queue::drop_unconfirmed() {
  auto dropped = take_before_own_commit();
  for (auto* place : {&for_round_, &in_round_}) {
    for (const auto& [request, index] : *place)
      dropped.push_back(request);
    place->clear();
  }
  return dropped;
}

} // namespace raft
