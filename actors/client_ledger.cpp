// SPDX-License-Identifier: Apache-2.0
#include "actors/client_ledger.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace actors {

namespace {

written to_written(storage::revision revision, const storage::command_result& result) {
  if (auto* failed = std::get_if<storage::precondition_failed>(&result))
    return written{revision, 0, *failed};
  const auto& done = std::get<storage::command_done>(result);
  return written{done.revision, done.rows_deleted, std::nullopt};
}

failure result_lost() {
  return {failure_code::unavailable,
          commit_status::unknown,
          "the write was carried out, or not, before its place was known here",
          0,
          0,
          {}};
}

} // namespace

raft::request_id client_ledger::add_write(client_write write, std::uint64_t now_ns) {
  auto request = next_++;
  writes_.emplace(request, waiting_write{std::move(write), now_ns, {}});
  return request;
}

raft::request_id client_ledger::add_read(client_read read) {
  auto request = next_++;
  reads_.emplace(request, std::move(read));
  return request;
}

void client_ledger::on_appended(raft::request_id request, raft::entry_id id) {
  auto found = writes_.find(request);
  if (found == writes_.end())
    return;
  found->second.index = id.index;
  if (!found->second.write.answer_needs_apply)
    return;
  if (id.index <= applied_)
    refuse_write(request, result_lost());
  else
    results_wanted_[id.index] = request;
}

std::uint64_t client_ledger::on_committed(raft::request_id request, raft::entry_id id) {
  auto found = writes_.find(request);
  if (found == writes_.end())
    return 0;
  auto accepted_ns = found->second.accepted_ns;
  if (!found->second.write.answer_needs_apply) {
    found->second.write.reply.answer_with(
        written{storage::revision{id.index.value}, 0, std::nullopt});
    writes_.erase(found);
  }
  return accepted_ns;
}

base::uuid client_ledger::trace_of(raft::request_id request) const {
  auto found = writes_.find(request);
  return found == writes_.end() ? base::uuid() : found->second.write.trace;
}

void client_ledger::on_dropped(raft::request_id request) {
  refuse_write(request, {failure_code::not_leader, commit_status::no,
                         "another leader replaced the entry", 0, 0, std::chrono::seconds(1)});
}

void client_ledger::on_applied(raft::log_index first,
                               const std::vector<storage::command_result>& results) {
  auto end = first + results.size();
  applied_ = end.previous();
  while (!results_wanted_.empty() && results_wanted_.begin()->first < end) {
    auto [index, request] = *results_wanted_.begin();
    results_wanted_.erase(results_wanted_.begin());
    BASE_CHECK(index >= first, "INV-91: a result was wanted for an entry applied before");
    auto found = writes_.find(request);
    // Replaced by another leader's entry, or nobody waits any more.
    if (found == writes_.end() || found->second.index != index)
      continue;
    found->second.write.reply.answer_with(
        to_written(storage::revision{index.value}, results[index - first]));
    writes_.erase(found);
  }
}

void client_ledger::skip_to(raft::log_index applied) {
  applied_ = std::max(applied_, applied);
  while (!results_wanted_.empty() && results_wanted_.begin()->first <= applied_) {
    auto request = results_wanted_.begin()->second;
    results_wanted_.erase(results_wanted_.begin());
    refuse_write(request, result_lost());
  }
}

client_read client_ledger::take_read(raft::request_id request) {
  auto found = reads_.extract(request);
  return found.empty() ? client_read{} : std::move(found.mapped());
}

void client_ledger::refuse_write(raft::request_id request, const failure& why) {
  auto found = writes_.extract(request);
  if (!found.empty())
    found.mapped().write.reply.refuse(why);
}

void client_ledger::refuse_read(raft::request_id request, const failure& why) {
  take_read(request).reply.refuse(why);
}

std::vector<raft::request_id> client_ledger::refuse_all_reads(const failure& why) {
  std::vector<raft::request_id> refused;
  for (auto& [request, read] : reads_) {
    read.reply.refuse(why);
    refused.push_back(request);
  }
  reads_.clear();
  return refused;
}

std::vector<raft::request_id> client_ledger::drop_settled_reads() {
  std::vector<raft::request_id> dropped;
  std::erase_if(reads_, [&dropped](const auto& waiting) {
    if (!waiting.second.reply.is_settled())
      return false;
    dropped.push_back(waiting.first);
    return true;
  });
  return dropped;
}

std::vector<raft::request_id> client_ledger::drop_settled_writes() {
  std::vector<raft::request_id> dropped;
  std::erase_if(writes_, [&dropped](const auto& each) {
    if (!each.second.write.reply.is_settled())
      return false;
    dropped.push_back(each.first);
    return true;
  });
  return dropped;
}

void client_ledger::refuse_appended_writes(failure why) {
  for (auto at = writes_.begin(); at != writes_.end();) {
    if (at->second.index == raft::log_index{}) {
      ++at;
      continue;
    }
    why.committed = commit_status::unknown;
    at->second.write.reply.refuse(why);
    at = writes_.erase(at);
  }
}

} // namespace actors
