// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/http/memory_gateway.hpp"

#include <chrono>
#include <stdexcept>

namespace {

std::size_t count(const actors::client_batch& batch) {
  return (batch.writes ? batch.writes->size() : 0) + (batch.reads ? batch.reads->size() : 0);
}

bool holds(const storage::precondition& wanted, storage::revision current) {
  if (std::holds_alternative<storage::must_be_absent>(wanted))
    return current.value == 0;
  if (std::holds_alternative<storage::must_exist>(wanted))
    return current.value != 0;
  if (auto* at = std::get_if<storage::must_be_at>(&wanted))
    return at->revision == current;
  return true;
}

} // namespace

memory_gateway::memory_gateway() : thread_([this] { run(); }) {}

memory_gateway::~memory_gateway() {
  {
    std::lock_guard guard(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void memory_gateway::submit(actors::client_batch requests) {
  std::lock_guard guard(mutex_);
  ++batches_;
  requests_ += count(requests);
  for (std::size_t i = 0; requests.writes && marks_proposed_ && i < requests.writes->size(); ++i)
    (*requests.writes)[i].reply.set_stage(actors::commit_status::unknown);
  waiting_.push_back(std::move(requests));
  changed_.notify_all();
}

void memory_gateway::checkpoint(actors::checkpoint_now request) {
  if (on_checkpoint)
    request.reply.answer_with(on_checkpoint());
}

void memory_gateway::change_cluster(actors::cluster_request request) {
  if (on_change)
    request.reply.answer_with(on_change(request.what));
}

void memory_gateway::restart_child(actors::restart_child request) {
  if (on_restart)
    request.reply.answer_with(on_restart(request.name, request.clears_quarantine));
}

void memory_gateway::inspect(actors::inspection what) {
  if (on_inspect)
    on_inspect(what);
}

void memory_gateway::shut_down() {
  std::lock_guard guard(mutex_);
  was_shut_down_ = true;
}

void memory_gateway::hold() {
  std::lock_guard guard(mutex_);
  is_held_ = true;
}

void memory_gateway::release() {
  std::lock_guard guard(mutex_);
  is_held_ = false;
  changed_.notify_all();
}

void memory_gateway::wait_for_requests(std::size_t wanted) {
  std::unique_lock guard(mutex_);
  if (!changed_.wait_for(guard, std::chrono::seconds{30}, [&] { return requests_ >= wanted; }))
    throw std::runtime_error("the requests never reached the gateway");
}

void memory_gateway::fail_with(std::optional<actors::failure> failure) {
  std::lock_guard guard(mutex_);
  failure_ = std::move(failure);
}

void memory_gateway::forget_all() {
  std::deque<actors::client_batch> dropped;
  std::lock_guard guard(mutex_);
  std::swap(dropped, waiting_);
}

void memory_gateway::mark_as_proposed(bool is_marked) {
  std::lock_guard guard(mutex_);
  marks_proposed_ = is_marked;
}

void memory_gateway::put(const std::string& key, std::string value) {
  std::lock_guard guard(mutex_);
  ++index_;
  rows_[key] = {key, std::move(value), storage::revision{index_}, storage::revision{index_}, 1};
}

void memory_gateway::publish_running() {
  actors::supervisor_status status;
  status.phase = actors::phase::running;
  status.last_tick = std::chrono::steady_clock::now();
  board.publish(status);
}

std::size_t memory_gateway::batches() const {
  std::lock_guard guard(mutex_);
  return batches_;
}

std::size_t memory_gateway::requests() const {
  std::lock_guard guard(mutex_);
  return requests_;
}

bool memory_gateway::was_shut_down() const {
  std::lock_guard guard(mutex_);
  return was_shut_down_;
}

void memory_gateway::run() {
  std::unique_lock guard(mutex_);
  for (;;) {
    changed_.wait(guard, [this] { return is_stopping_ || (!is_held_ && !waiting_.empty()); });
    if (is_stopping_)
      return;
    auto batch = std::move(waiting_.front());
    waiting_.pop_front();
    actors::answer_batch answers; // delivered together, as the actors do
    for (std::size_t i = 0; batch.writes && i < batch.writes->size(); ++i)
      perform((*batch.writes)[i]);
    for (std::size_t i = 0; batch.reads && i < batch.reads->size(); ++i)
      perform((*batch.reads)[i]);
  }
}

void memory_gateway::perform(const actors::client_write& what) {
  if (failure_)
    return what.reply.refuse(*failure_);
  auto command = storage::decode_command(what.command.bytes());
  if (!command)
    throw std::runtime_error(command.error().text);
  actors::written done;
  done.revision = storage::revision{++index_};
  auto key_of = [](const storage::operation& each) {
    return std::visit([](const auto& one) { return one.key; }, each);
  };
  auto row = rows_.find(key_of(command->operations.front()));
  auto current = row == rows_.end() ? storage::revision{} : row->second.mod_revision;
  if (!holds(command->precondition, current)) {
    done.precondition_failed = storage::precondition_failed{current};
    return what.reply.answer_with(done);
  }
  for (auto& each : command->operations) {
    auto key = key_of(each);
    if (auto* set = std::get_if<storage::set_operation>(&each)) {
      auto& into = rows_[key];
      into.create_revision = into.version == 0 ? done.revision : into.create_revision;
      into = {key, set->value, into.create_revision, done.revision, into.version + 1};
    } else {
      done.rows_deleted += rows_.erase(key);
    }
  }
  what.reply.answer_with(done);
}

void memory_gateway::perform(const actors::client_read& what) {
  if (failure_)
    return what.reply.refuse(*failure_);
  if (auto* key = std::get_if<std::string>(&what.what)) {
    storage::get_result found;
    found.at = raft::log_index{index_};
    if (auto row = rows_.find(*key); row != rows_.end())
      found.found = row->second;
    return what.reply.answer_with(actors::query_result{found});
  }
  const auto& asked = std::get<storage::scan_request>(what.what);
  storage::scan_page page;
  page.at = raft::log_index{index_};
  std::size_t bytes = 0;
  for (const auto& [key, row] : rows_) {
    if (!key.starts_with(asked.prefix) || key < asked.start
        || (!asked.end.empty() && key >= asked.end) || (asked.after && key <= *asked.after))
      continue;
    bytes += key.size() + row.value.size();
    if (page.rows.size() == asked.items_max || (!page.rows.empty() && bytes > asked.bytes_max)) {
      page.is_last = false;
      break;
    }
    page.rows.push_back(row);
    if (asked.keys_only)
      page.rows.back().value.clear();
  }
  what.reply.answer_with(actors::query_result{page});
}
