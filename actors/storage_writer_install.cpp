// SPDX-License-Identifier: Apache-2.0
#include "actors/storage_writer_state.hpp"
#include "base/check.hpp"

namespace actors {

namespace {

constexpr std::chrono::milliseconds install_retry{250};

} // namespace

// -- install ------------------------------------------------------------------------
// Between two steps `await` holds every other message back. What is on the disk after
// each step, and what a restart makes of it: storage/install.hpp.

void storage_writer::on_install_pending(const install_pending& what) {
  if (what.life != life_)
    return;
  raft_ = caf::actor_cast<raft_handle>(current_sender());
  begin_install();
}

void storage_writer::begin_install() {
  request(log_writer_, caf::infinite, get_log_state{})
      .await(
          [this](const log_state_reply& log) {
            BASE_CHECK(log.state->pending, "INV-82: what is installed is pending");
            pending_ = *log.state->pending;
            mark_fold();
          },
          [this](caf::error& why) { install_later(system().render(why)); });
}

/// Giving the file up folds the WAL into it, which is a checkpoint (INV-92).
void storage_writer::mark_fold() {
  if (!machine_->has_wal())
    return close_pool();
  request(log_writer_, caf::infinite, mark_checkpoint{machine_->meta().last_applied.index, false})
      .await([this](checkpoint_marked) { close_pool(); },
             [this](caf::error& why) { install_later(system().render(why)); });
}

// INV-87.
void storage_writer::close_pool() {
  request(context_.where->get().reader_pool, caf::infinite, close_readers{})
      .await([this](readers_closed) { swap(); },
             [this](caf::error& why) { install_later(system().render(why)); });
}

void storage_writer::swap() {
  auto given_up = machine_->give_up();
  if (!given_up && can_pass(given_up.error().code)) {
    reopen_pool();
    return install_later(given_up.error().text);
  }
  require(given_up, "give up the state machine to a snapshot");
  auto began = now_ns();
  machine_.reset();
  auto opened = settings_.install(pending_.file);
  require(opened, "put a snapshot in place");
  machine_ = std::move(*opened);
  BASE_CHECK(machine_->meta().last_applied == pending_.point.id
                 && machine_->meta().chain == pending_.point.chain,
             "INV-82: what was installed is what is pending");
  base::log::info(
      target, "snapshot is in the state machine's place",
      {{"index", pending_.point.id.index.value}, {"duration_ms", (now_ns() - began) / 1000000}});
  finish_install_step();
}

void storage_writer::finish_install_step() {
  request(log_writer_, caf::infinite, finish_install{})
      .await([this](const install_finished& what) { end_install(*what.log); },
             // Only a full disk answers so; the files are as a restart would find them.
             [this](caf::error& why) { throw storage_failure(system().render(why)); });
}

void storage_writer::end_install(const storage::log_state& log) {
  wal_restart_is_due_ = false;
  status_.has_wal = machine_->has_wal();
  status_.is_lost = false;
  status_.is_verified = true;
  status_.last_checkpoint.reset();
  end_trouble();
  reopen_pool();
  publish();
  base::log::info(target, "snapshot installed",
                  {{"index", log.snapshot.id.index.value},
                   {"term", log.snapshot.id.term.value},
                   {"last_index", log.last.index.value}});
  snapshot_installed installed{life_, log.write_counter,
                               std::make_shared<raft::snapshot_point>(log.snapshot),
                               machine_->meta().recorded_digest};
  send(raft_, installed);
  if (auto receiver = context_.where->get().snapshot_receiver)
    send(receiver, installed);
}

void storage_writer::install_later(const std::string& why) {
  if (install_trouble_ != why)
    base::log::warn(target, "snapshot cannot take the state machine's place yet",
                    {{"reason", why}});
  install_trouble_ = why;
  install_is_due_ = true;
  delayed_send(this, install_retry, tick{});
}

void storage_writer::reopen_pool() {
  auto opened = open(context_.board->get<pool_status>()->size);
  require(opened, "open readers");
  send(context_.where->get().reader_pool, std::move(*opened));
}

} // namespace actors
