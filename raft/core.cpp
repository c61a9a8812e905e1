// SPDX-License-Identifier: Apache-2.0
#include "raft/core.hpp"

#include <utility>

#include "raft/core_implementation.hpp"

/// The outside, which is nothing but this.
namespace raft {

core::core(core_config config, recovered_state recovered, random_source random)
  : self_(std::make_unique<implementation>(std::move(config), std::move(recovered),
                                           std::move(random))) {}
core::~core() = default;
core::core(core&&) noexcept = default;
core& core::operator=(core&&) noexcept = default;

void core::tick() {
  self_->tick();
}
void core::wall_clock(std::uint64_t unix_time_ms) {
  self_->wall_clock_ms = unix_time_ms;
}
void core::step(const server_life& from, message body) {
  self_->step(from, body);
}
void core::step(server_id from, message body) {
  self_->step(from, body);
}
propose_outcome core::propose(proposal what) {
  return self_->propose(std::move(what));
}
void core::forget_proposal(request_id request) {
  self_->forget_proposal(request);
}
membership_outcome core::propose_membership(request_id request, membership_change change) {
  return self_->propose_membership(request, change);
}
transfer_outcome core::transfer_leadership(server_id to) {
  return self_->transfer_leadership(to);
}
void core::disk_full(bool is_full) {
  self_->disk_full(is_full);
}
void core::snapshot_sent(server_id to, const entry_id& point) {
  self_->snapshot_sent(to, point);
}
void core::snapshot_failed(server_id to) {
  self_->snapshot_failed(to);
}
bool core::snapshot_received(snapshot_point point) {
  return self_->snapshot_received(std::move(point));
}
void core::installed(const entry_id& point) {
  self_->installed(point);
}
void core::install_failed() {
  self_->install_failed();
}
void core::found(const membership& founders) {
  self_->found(founders);
}
void core::peer_lost(server_id peer) {
  self_->peer_lost(peer);
}
void core::cast_out(bool is_out) {
  self_->is_cast_out = is_out;
}
read_outcome core::read_index(request_id request) {
  return self_->read_index(request);
}
read_outcome core::wait_applied(request_id request, log_index index) {
  return self_->wait_applied(request, index);
}
void core::forget_read(request_id request) {
  self_->forget_read(request);
}
void core::persisted() {
  self_->persisted();
}
void core::applied(log_index last) {
  self_->applied(last);
}
void core::digest_recorded(const digest_point& point) {
  self_->digest_recorded(point);
}
void core::apply_due() {
  self_->apply_due();
}
void core::log_read(std::vector<entry> entries) {
  self_->log_read_done(std::move(entries));
}
void core::repaired() {
  self_->repaired();
}
void core::repair_refused() {
  self_->repair_refused();
}
void core::checkpoint_completed(log_index index) {
  self_->checkpoint_completed(index);
}
void core::compacted(snapshot_point point) {
  self_->compacted(std::move(point));
}
ready core::take_ready() {
  return self_->take_ready();
}
core_status core::status() const {
  return self_->status();
}

} // namespace raft
