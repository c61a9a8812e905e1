// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/raft/core_server.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace raft_test {

using namespace raft;

namespace {

template <class Kind, class Answers>
bool holds_answer(const Answers& answers, request_id request) {
  return std::any_of(answers.begin(), answers.end(), [request](const auto& each) {
    const auto* found = std::get_if<Kind>(&each);
    return found != nullptr && found->request == request;
  });
}

template <class T>
void move_to_end(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

} // namespace

membership voters(std::initializer_list<std::uint64_t> ids) {
  membership members;
  for (auto id : ids)
    members.voters.push_back({server_id{id}, {}, "", ""});
  return members;
}

core_config config_of(std::uint64_t id) {
  core_config config;
  config.self = server_id{id};
  config.cluster_id = test_cluster;
  config.boot = base::uuid_from_name("boot of " + std::to_string(id));
  return config;
}

core_server::core_server(core_config config, memory_disk disk, std::uint64_t seed)
  : config_(config), disk_(std::move(disk)), random_(seed) {}

core_server::core_server(std::uint64_t id, const membership& founders)
  : core_server(config_of(id), memory_disk(test_cluster, founders), id) {}

ready core_server::start() {
  invariants_ = {};
  auto random = [this](std::uint64_t bound) { return random_.below(bound); };
  config_.boot =
      base::uuid_from_name("boot " + std::to_string(++starts_) + " of " + std::to_string(id().value)
                           + " in life " + base::to_string(config_.incarnation));
  core_ = std::make_unique<core>(config_, disk_.recovered(), random);
  proposals.clear();
  reads.clear();
  events.clear();
  is_log_whole = false;
  return take();
}

void core_server::crash(crash_fate what) {
  if (persist_ && what.persist_survives)
    disk_.persist(*persist_);
  if (apply_ && what.apply_survives)
    disk_.apply(*apply_);
  core_.reset();
  persist_.reset();
  after_persist_.clear();
  apply_.reset();
  log_read_.reset();
  compact_.reset();
  install_.reset();
  snapshots_to_send.clear();
  outvoted.reset();
  repair_.reset();
  is_log_whole = false;
  is_timer_running_ = false;
}

// INV-19: a message says nothing that a crash could undo.
void core_server::send(const outgoing_message& what) {
  const auto& durable = disk_.state();
  if (is_reply(what.body) || std::holds_alternative<append_entries>(what.body))
    BASE_CHECK(std::holds_alternative<request_vote_reply>(what.body)
                   || term_of(what.body) <= durable.current_term,
               "INV-19: a message's term is durable");
  if (const auto* vote = std::get_if<request_vote>(&what.body); vote && !vote->is_pre_vote)
    BASE_CHECK(vote->term < durable.current_term
                   || (vote->term == durable.current_term && durable.voted_for == id()),
               "INV-19: a candidate's own vote is durable");
  if (const auto* vote = std::get_if<request_vote_reply>(&what.body);
      vote && vote->is_granted && !vote->is_pre_vote)
    BASE_CHECK(vote->term < durable.current_term
                   || (vote->term == durable.current_term && durable.voted_for == what.to),
               "INV-19: a vote is durable before it is told");
  if (const auto* reply = std::get_if<append_entries_reply>(&what.body))
    if (const auto* accepted_up_to = std::get_if<append_accepted>(&reply->outcome))
      BASE_CHECK(reply->term < durable.current_term
                     || accepted_up_to->match_index <= disk_.last_index(),
                 "INV-19: accepted entries are durable before they are told");
  outbox.push_back(what);
}

ready core_server::take() {
  invariants_.check_step(*core_);
  auto owed = core_->take_ready();
  invariants_.check_step(*core_);
  BASE_CHECK(core_->take_ready().empty(), "INV-23: one ready carries everything that is owed");
  move_to_end(events, owed.events);
  for (const auto& each : owed.send_now)
    send(each);
  if (owed.persist) {
    BASE_CHECK(!persist_, "INV-10: one persist is under way at a time");
    persist_ = owed.persist;
  }
  BASE_CHECK(owed.send_after_persist.empty() || persist_, "there is a persist to wait for");
  move_to_end(after_persist_, owed.send_after_persist);
  move_to_end(proposals, owed.proposals);
  move_to_end(reads, owed.reads);
  if (owed.apply) {
    BASE_CHECK(!apply_, "INV-10: one apply is under way at a time");
    apply_ = owed.apply;
  }
  if (owed.log_read) {
    BASE_CHECK(!log_read_, "INV-10: one log read is under way at a time");
    log_read_ = owed.log_read;
  }
  if (owed.compact) {
    BASE_CHECK(!compact_, "INV-10: one compaction is under way at a time");
    compact_ = owed.compact;
  }
  if (owed.install) {
    BASE_CHECK(!install_ && !persist_ && !apply_ && !log_read_ && !compact_,
               "INV-25: nothing else is under way during an install");
    install_ = owed.install;
  }
  move_to_end(snapshots_to_send, owed.snapshots_to_send);
  if (owed.repair) {
    BASE_CHECK(!repair_, "INV-10: one repair is under way at a time");
    repair_ = owed.repair;
  }
  BASE_CHECK(!is_log_whole || !owed.log_read, "INV-28: another core takes over");
  is_log_whole = is_log_whole || owed.log_is_whole;
  BASE_CHECK(!is_log_whole || (!log_read_ && !repair_), "INV-28: nothing is under way then");
  BASE_CHECK(disk_.is_whole() || (!owed.persist && !owed.apply && !owed.install && !owed.compact),
             "INV-28: whose log is damaged takes no part");
  if (owed.outvoted)
    outvoted = owed.outvoted;
  BASE_CHECK(!outvoted || (!owed.apply && !owed.install && !owed.log_read),
             "INV-27: who is outvoted goes on with nothing");
  BASE_CHECK(!owed.start_apply_timer || !is_timer_running_,
             "INV-10: one apply timer runs at a time");
  is_timer_running_ = is_timer_running_ || owed.start_apply_timer;
  return owed;
}

ready core_server::tick() {
  core_->tick();
  return take();
}

ready core_server::step(server_id from, message body) {
  core_->step(from, std::move(body));
  return take();
}

ready core_server::step(const server_life& from, message body) {
  core_->step(from, std::move(body));
  return take();
}

ready core_server::change(request_id request, membership_change what) {
  last_change_ = core_->propose_membership(request, std::move(what));
  return take();
}

ready core_server::transfer(std::uint64_t to) {
  last_transfer_ = core_->transfer_leadership(server_id{to});
  return take();
}

ready core_server::found(const membership& founders) {
  core_->found(founders);
  return take();
}

ready core_server::peer_lost(std::uint64_t id) {
  core_->peer_lost(server_id{id});
  return take();
}

ready core_server::cast_out(bool is_out) {
  core_->cast_out(is_out);
  return take();
}

ready core_server::disk_full(bool is_full) {
  core_->disk_full(is_full);
  return take();
}

bool core_server::receive_snapshot(const memory_disk& from) {
  if (status().is_installing)
    return false;
  disk_.set_pending(from);
  bool is_taken = core_->snapshot_received(from.state_point());
  if (!is_taken)
    disk_.drop_pending();
  take();
  return is_taken;
}

ready core_server::snapshot_sent(server_id to, const entry_id& point) {
  core_->snapshot_sent(to, point);
  return take();
}

ready core_server::snapshot_failed(server_id to) {
  core_->snapshot_failed(to);
  return take();
}

ready core_server::installed() {
  BASE_CHECK(install_.has_value(), "an install is under way");
  disk_.install();
  auto point = install_->point.id;
  install_.reset();
  core_->installed(point);
  return take();
}

ready core_server::install_failed() {
  BASE_CHECK(install_.has_value(), "an install is under way");
  disk_.drop_pending();
  install_.reset();
  core_->install_failed();
  return take();
}

ready core_server::repaired() {
  BASE_CHECK(repair_.has_value(), "a repair is under way");
  disk_.repair(*repair_);
  repair_.reset();
  core_->repaired();
  return take();
}

ready core_server::repair_refused() {
  BASE_CHECK(repair_.has_value(), "a repair is under way");
  repair_.reset();
  core_->repair_refused();
  return take();
}

const peer_status& core_server::peer(std::uint64_t id) const {
  looked_at_ = status();
  for (const auto& each : looked_at_.peers)
    if (each.id == server_id{id})
      return each;
  throw std::out_of_range("no such peer");
}

ready core_server::put(request_id request, std::string bytes, bool needs_apply) {
  proposal what;
  what.request = request;
  what.payload = payload(std::move(bytes));
  what.answer_needs_apply = needs_apply;
  last_outcome_ = core_->propose(std::move(what));
  return take();
}

ready core_server::put_all(request_id first, request_id end) {
  for (auto request = first; request < end; ++request) {
    proposal what;
    what.request = request;
    what.payload = payload("r" + std::to_string(request));
    last_outcome_ = core_->propose(std::move(what));
  }
  return take();
}

ready core_server::read(request_id request) {
  last_outcome_ = core_->read_index(request);
  return take();
}

ready core_server::wait_applied(request_id request, std::uint64_t index) {
  last_outcome_ = core_->wait_applied(request, log_index{index});
  return take();
}

ready core_server::forget_read(request_id request) {
  core_->forget_read(request);
  return take();
}

ready core_server::forget_proposal(request_id request) {
  core_->forget_proposal(request);
  return take();
}

ready core_server::checkpoint(std::uint64_t index) {
  core_->checkpoint_completed(log_index{index});
  return take();
}

ready core_server::persisted() {
  BASE_CHECK(persist_.has_value(), "a persist is under way");
  disk_.persist(*persist_);
  persist_.reset();
  for (const auto& each : std::exchange(after_persist_, {}))
    send(each);
  core_->persisted();
  return take();
}

ready core_server::applied() {
  BASE_CHECK(apply_.has_value(), "an apply is under way");
  disk_.apply(*apply_);
  auto last = apply_->entries.back().id.index;
  apply_.reset();
  core_->applied(last);
  return take();
}

ready core_server::digest(std::uint64_t index, std::uint64_t value, std::uint64_t version) {
  digest_point point{log_index{index}, version, {value, 0, 0, 0}};
  disk_.record(point);
  core_->digest_recorded(point);
  return take();
}

ready core_server::log_read() {
  BASE_CHECK(log_read_.has_value(), "a log read is under way");
  auto entries = disk_.read(*log_read_);
  log_read_.reset();
  core_->log_read(std::move(entries));
  return take();
}

ready core_server::compacted() {
  BASE_CHECK(compact_.has_value(), "a compaction is under way");
  auto point = disk_.compact(compact_->up_to, entries_kept_by_store);
  compact_.reset();
  core_->compacted(std::move(point));
  return take();
}

ready core_server::timer_fired() {
  BASE_CHECK(is_timer_running_, "the apply timer runs");
  is_timer_running_ = false;
  core_->apply_due();
  return take();
}

void core_server::settle() {
  while (true) {
    if (is_persisting())
      persisted();
    else if (is_reading())
      log_read();
    else if (is_applying())
      applied();
    else if (is_compacting())
      compacted();
    else if (is_timer_running())
      timer_fired();
    else if (is_installing())
      installed();
    else if (is_repairing())
      repaired();
    else if (is_log_whole)
      start();
    else
      return;
  }
}

bool core_server::has_appended(request_id request) const {
  return holds_answer<proposal_appended>(proposals, request);
}

bool core_server::has_committed(request_id request) const {
  return holds_answer<proposal_committed>(proposals, request);
}

bool core_server::has_dropped(request_id request) const {
  return holds_answer<proposal_dropped>(proposals, request);
}

bool core_server::has_refused(request_id request) const {
  return holds_answer<proposal_refused>(proposals, request);
}

bool core_server::is_unknown(request_id request) const {
  return holds_answer<proposal_unknown>(proposals, request);
}

bool core_server::has_event(event::kind what) const {
  return std::any_of(events.begin(), events.end(),
                     [what](const event& each) { return each.what == what; });
}

bool core_server::has_dropped_read(request_id read) const {
  return holds_answer<read_dropped>(reads, read);
}

std::optional<log_index> core_server::confirmed_index(request_id read) const {
  for (const auto& each : reads)
    if (const auto* found = std::get_if<read_confirmed>(&each); found && found->request == read)
      return found->index;
  return std::nullopt;
}

} // namespace raft_test
