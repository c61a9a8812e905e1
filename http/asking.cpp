// SPDX-License-Identifier: Apache-2.0
// How an exchange asks the actors: a slot, a suspended fiber, and a deadline.
#include "http/exchange.hpp"

namespace http {

namespace {

template <class Reply>
std::shared_ptr<actors::slot<Reply>> make_slot(const worker_tools& tools, exchange* asker) {
  auto where = std::make_shared<actors::slot<Reply>>(tools.inbox);
  where->asker = asker;
  return where;
}

} // namespace

template <class Reply>
actors::answer<Reply> exchange::await(actors::slot<Reply>& where) {
  waits_on_ = &where;
  auto asked = std::chrono::steady_clock::now();
  while (!where.is_filled() && wait(wait_kind::answer)) {
  }
  if (!where.is_filled() && !where.abandon()) {
    // Somebody is filling it at this moment: its delivery wakes us, deadline or not.
    while (!where.is_filled()) {
      waits_for_ = wait_kind::answer;
      fiber_.suspend();
    }
    waits_for_ = wait_kind::nothing;
  }
  waits_on_ = nullptr;
  waited_for_actors_ += std::chrono::steady_clock::now() - asked;
  where.asker = nullptr; // a late delivery finds nobody (INV-115)
  if (where.is_filled())
    return where.take();
  if (is_aborted_)
    return tl::unexpected<actors::failure>(actors::failure{
        actors::failure_code::draining, where.stage(), "the node is stopping", 0, 0, {}});
  return tl::unexpected<actors::failure>(actors::failure{
      actors::failure_code::timeout, where.stage(), "no answer within the deadline", 0, 0, {}});
}

actors::answer<actors::written> exchange::write(const storage::command& what,
                                                bool answer_needs_apply) {
  auto where = make_slot<actors::written>(tools_, this);
  tools_.outbox.add(actors::client_write{raft::payload(storage::encode(what)), answer_needs_apply,
                                         request_.trace.trace,
                                         actors::reply_to<actors::written>(where)});
  return await(*where);
}

actors::answer<actors::query_result> exchange::read(actors::query what,
                                                    actors::consistency consistency,
                                                    raft::log_index min_index) {
  auto where = make_slot<actors::query_result>(tools_, this);
  tools_.outbox.add(actors::client_read{std::move(what), consistency, min_index,
                                        request_.trace.trace,
                                        actors::reply_to<actors::query_result>(where)});
  return await(*where);
}

actors::answer<actors::checkpoint_done> exchange::checkpoint() {
  auto where = make_slot<actors::checkpoint_done>(tools_, this);
  tools_.timers.long_request.set(from_->deadline, tools_.timers.now);
  tools_.site.gateway.checkpoint({actors::reply_to<actors::checkpoint_done>(where)});
  return await(*where);
}

actors::answer<actors::cluster_changed> exchange::change_cluster(actors::cluster_change what) {
  auto where = make_slot<actors::cluster_changed>(tools_, this);
  tools_.timers.long_request.set(from_->deadline, tools_.timers.now);
  tools_.site.gateway.change_cluster(
      {std::move(what), actors::reply_to<actors::cluster_changed>(where)});
  return await(*where);
}

actors::answer<actors::restart_under_way> exchange::restart_child(std::string name,
                                                                  bool clears_quarantine) {
  auto where = make_slot<actors::restart_under_way>(tools_, this);
  tools_.site.gateway.restart_child(
      {std::move(name), actors::reply_to<actors::restart_under_way>(where), clears_quarantine});
  return await(*where);
}

actors::answer<actors::snapshot_made> exchange::take_snapshot() {
  auto where = make_slot<actors::snapshot_made>(tools_, this);
  tools_.timers.long_request.set(from_->deadline, tools_.timers.now);
  tools_.site.gateway.inspect(actors::snapshot_now{actors::reply_to<actors::snapshot_made>(where)});
  return await(*where);
}

actors::answer<actors::validated> exchange::validate() {
  auto where = make_slot<actors::validated>(tools_, this);
  tools_.timers.long_request.set(from_->deadline, tools_.timers.now);
  tools_.site.gateway.inspect(actors::validate_now{actors::reply_to<actors::validated>(where)});
  return await(*where);
}

actors::answer<actors::copied_log> exchange::copy_log() {
  auto where = make_slot<actors::copied_log>(tools_, this);
  tools_.timers.long_request.set(from_->deadline, tools_.timers.now);
  tools_.site.gateway.inspect(actors::copy_log_now{actors::reply_to<actors::copied_log>(where)});
  return await(*where);
}

actors::answer<actors::backup_made> exchange::take_backup() {
  auto where = make_slot<actors::backup_made>(tools_, this);
  tools_.timers.backup.set(from_->deadline, tools_.timers.now);
  tools_.site.gateway.inspect(actors::backup_now{actors::reply_to<actors::backup_made>(where)});
  return await(*where);
}

actors::answer<base::bytes> exchange::read_held_file(
    const std::shared_ptr<const actors::held_file>& file, std::uint64_t offset) {
  auto where = make_slot<base::bytes>(tools_, this);
  tools_.timers.request.set(from_->deadline, tools_.timers.now);
  tools_.site.gateway.inspect(
      actors::read_held_file{file, offset, actors::reply_to<base::bytes>(where)});
  return await(*where);
}

bool exchange::reserve(std::size_t bytes) {
  if (!tools_.memory.reserve(bytes))
    return false;
  reserved_ += bytes;
  return true;
}

} // namespace http
