// SPDX-License-Identifier: Apache-2.0
#include "raft/forwarded_proposals.hpp"

#include <algorithm>

namespace raft {

std::uint64_t forwarded_proposals::add(request_id request, std::uint64_t bytes,
                                       bool answer_needs_apply) {
  items_.emplace(++last_number_, item{request, bytes, answer_needs_apply, std::nullopt});
  bytes_ += bytes;
  return last_number_;
}

void forwarded_proposals::erase(items::iterator which) {
  bytes_ -= which->second.bytes;
  if (which->second.id) {
    undecided_.erase({*which->second.id, which->first});
    unapplied_.erase({which->second.id->index, which->first});
  }
  items_.erase(which);
}

void forwarded_proposals::forget(request_id request) {
  auto found = std::find_if(items_.begin(), items_.end(),
                            [request](const auto& each) { return each.second.request == request; });
  if (found != items_.end())
    erase(found);
}

std::optional<request_id> forwarded_proposals::place(std::uint64_t number, const entry_id& id) {
  auto found = items_.find(number);
  if (found == items_.end() || found->second.id)
    return std::nullopt;
  found->second.id = id;
  if (id.term < settled_term_)
    settled_term_ = {}; // its place was lost before it was known
  undecided_.emplace(id, number);
  return found->second.request;
}

std::optional<request_id> forwarded_proposals::refuse(std::uint64_t number) {
  auto found = items_.find(number);
  if (found == items_.end() || found->second.id)
    return std::nullopt;
  auto request = found->second.request;
  erase(found);
  return request;
}

proposal_answer forwarded_proposals::judge(item& which, log_index last_applied,
                                           const term_lookup& term_at) {
  auto here = term_at(which.id->index);
  // A snapshot covers the place, or its result was there before the place was known.
  if (!here
      || (here == which.id->term && which.answer_needs_apply && which.id->index <= last_applied))
    return proposal_unknown{which.request};
  if (here != which.id->term)
    return proposal_dropped{which.request};
  return proposal_committed{which.request, *which.id};
}

std::vector<proposal_answer> forwarded_proposals::settle(log_index commit_index,
                                                         log_index last_applied,
                                                         const term_lookup& term_at) {
  std::vector<proposal_answer> answers;
  while (!undecided_.empty() && undecided_.begin()->first.index <= commit_index) {
    auto number = undecided_.begin()->second;
    undecided_.erase(undecided_.begin());
    auto found = items_.find(number);
    auto& which = found->second;
    answers.push_back(judge(which, last_applied, term_at));
    if (!std::holds_alternative<proposal_committed>(answers.back())
        || which.id->index <= last_applied) {
      erase(found);
      continue;
    }
    unapplied_.emplace(which.id->index, number);
    if (which.answer_needs_apply)
      apply_wanted_ = std::max(apply_wanted_, which.id->index);
  }
  // Whatever stands above a committed entry has its term or a later one.
  auto committed_term = term_at(commit_index).value_or(settled_term_);
  if (committed_term == settled_term_)
    return answers;
  settled_term_ = committed_term;
  for (auto each = undecided_.begin(); each != undecided_.end();) {
    auto [id, number] = *each++;
    if (id.term >= committed_term)
      continue;
    auto found = items_.find(number);
    answers.push_back(proposal_dropped{found->second.request});
    erase(found);
  }
  return answers;
}

void forwarded_proposals::applied(log_index last_applied) {
  while (!unapplied_.empty() && unapplied_.begin()->first <= last_applied)
    erase(items_.find(unapplied_.begin()->second));
}

} // namespace raft
