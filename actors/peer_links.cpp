// SPDX-License-Identifier: Apache-2.0
#include "actors/peer_links.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include "actors/traced.hpp"
#include "base/log.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft::peers";

/// Lives in the transport, on its thread.
class inbox final : public peer_listener {
public:
  inbox(raft_handle raft, peer_links_handle links, generation life,
        std::shared_ptr<inbound_budget> budget)
    : raft_(std::move(raft)), links_(std::move(links)), life_(life), budget_(std::move(budget)) {}

  // Beyond the budget a message is lost, as on any network; the protocol repeats itself.
  void on_message(const raft::server_life& from, raft::message body) override {
    if (auto admitted = inbound_message::admit(budget_, std::move(body)))
      caf::anon_send(raft_, peer_spoke{life_, from, std::move(admitted)});
  }
  void on_link_change(raft::server_id) override { caf::anon_send(links_, link_changed{}); }
  void on_failure(const base::error& why) override {
    caf::anon_send(links_, transport_failed{to_string(why)});
  }

private:
  raft_handle raft_;
  peer_links_handle links_;
  generation life_;
  std::shared_ptr<inbound_budget> budget_;
};

class peer_links : public traced<peer_links_handle::base> {
public:
  peer_links(caf::actor_config& config, const actor_context& context,
             std::shared_ptr<actor_stats> stats, generation life, peer_links_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context), life_(life),
      settings_(std::move(settings)), raft_(context.where->get().raft) {}

  behavior_type make_behavior() override {
    return {
        [this](begin) { return on_begin(); },
        [this](tick) { on_tick(); },
        [this](link_changed) { look(); },
        [this](const transport_failed& what) -> void { throw std::runtime_error(what.why); },
        [this](const talk_to& what) { on_talk_to(what); },
        [this](const find_member& what) { return on_find_member(what); },
    };
  }

  void on_exit() override {
    settings_.transport->close();
    sought_.clear();
    raft_ = nullptr;
    context_.board->forget<peers_status>();
  }

protected:
  void describe_state(figure_list& out) const override {
    out.add("is_open", is_open_ ? 1 : 0);
    out.add("members", members_.size());
    out.add("linked", linked_.size());
    out.add("sought", sought_.size());
    out.add("members_index", members_index_.value);
    out.add("generation", life_);
  }

private:
  struct search {
    peer_address whom;
    caf::actor_clock::time_point until;
    caf::typed_response_promise<member_found> answer;
  };

  caf::result<begun> on_begin() {
    identity_ = context_.board->get<log_status>()->identity;
    if (settings_.opens_at_once)
      if (auto opened = open(); !opened)
        return caf::make_error(caf::sec::runtime_error, to_string(opened.error()));
    send(raft_, links_ready{life_, settings_.transport});
    on_tick();
    return begun{};
  }

  base::status open() {
    if (is_open_)
      return {};
    auto listener =
        std::make_shared<inbox>(raft_, peer_links_handle{this}, life_,
                                std::make_shared<inbound_budget>(settings_.inbound_bytes_max));
    auto opened = settings_.transport->open(identity_, std::move(listener));
    is_open_ = opened.has_value();
    return opened;
  }

  void on_tick() {
    look();
    delayed_send(this, settings_.status_interval, tick{});
  }

  void on_talk_to(const talk_to& what) {
    if (what.life != life_)
      return;
    members_.clear();
    members_index_ = what.index;
    auto add = [this](const std::vector<raft::member>& some) {
      for (const auto& each : some)
        if (each.id != identity_.server && !is_listed(each.id))
          members_.push_back({each.id, each.incarnation, each.raft_addr});
    };
    add(what.members->voters);
    add(what.members->learners);
    add(what.members->outgoing_voters);
    if (auto told = tell_transport(); !told)
      base::log::error(target, "the members cannot be spoken to", {{"reason", told.error().text}});
    look();
  }

  bool is_listed(raft::server_id id) const {
    return std::any_of(members_.begin(), members_.end(),
                       [id](const auto& each) { return each.id == id; });
  }

  /// Whoever is sought stands in the place of a member of the same id: its next life.
  base::status tell_transport() {
    std::vector<peer_address> all;
    for (const auto& each : members_)
      if (!sought_.contains(each.id))
        all.push_back(each);
    for (const auto& [id, each] : sought_)
      all.push_back(each.whom);
    if (all.empty() && !is_open_)
      return {};
    if (auto opened = open(); !opened)
      throw std::runtime_error(to_string(opened.error()));
    return settings_.transport->set_peers(std::move(all), members_index_);
  }

  caf::result<member_found> on_find_member(const find_member& what) {
    auto answer = make_response_promise<member_found>();
    if (sought_.contains(what.id)) {
      answer.deliver(caf::make_error(caf::sec::runtime_error,
                                     std::string("a server of that id is being added already")));
      return answer;
    }
    if (auto opened = open(); !opened) {
      answer.deliver(caf::make_error(caf::sec::runtime_error, to_string(opened.error())));
      return answer;
    }
    sought_.emplace(what.id, search{{what.id, {}, what.raft_addr},
                                    system().clock().now() + settings_.find_patience,
                                    answer});
    if (auto told = tell_transport(); !told) {
      sought_.erase(what.id);
      answer.deliver(caf::make_error(caf::sec::runtime_error, told.error().text));
      return answer;
    }
    delayed_send(this, settings_.find_patience, link_changed{});
    return answer;
  }

  /// Publishes how the links stand, and ends the searches that can be ended.
  void look() {
    peers_status now;
    now.is_open = is_open_;
    now.links = is_open_ ? settings_.transport->links() : std::vector<peer_link>{};
    tell_lost(now.links);
    auto before = sought_.size();
    for (auto each = sought_.begin(); each != sought_.end();)
      each = is_over(each->second, now.links) ? sought_.erase(each) : std::next(each);
    if (sought_.size() != before)
      static_cast<void>(tell_transport()); // of members alone: they were good before
    context_.board->publish(std::move(now));
  }

  void tell_lost(const std::vector<peer_link>& links) {
    auto before = std::exchange(linked_, {});
    for (const auto& each : links)
      if (each.is_connected)
        linked_.insert(each.id);
    for (auto each : before)
      if (!linked_.contains(each))
        send(raft_, peer_lost{life_, each});
  }

  bool is_over(search& which, const std::vector<peer_link>& links) {
    std::string trouble = "no answer";
    for (const auto& each : links) {
      if (each.id != which.whom.id || each.raft_addr != which.whom.raft_addr)
        continue;
      if (each.is_connected && !each.incarnation.is_nil()) {
        which.answer.deliver(
            member_found{{each.id, each.incarnation, each.raft_addr, each.http_addr}});
        return true;
      }
      if (!each.trouble.empty())
        trouble = each.trouble;
    }
    if (system().clock().now() < which.until)
      return false;
    base::log::warn(
        target, "a server that was to be added does not answer",
        {{"peer", which.whom.id.value}, {"raft_addr", which.whom.raft_addr}, {"reason", trouble}});
    which.answer.deliver(
        caf::make_error(caf::sec::runtime_error, "server " + std::to_string(which.whom.id.value)
                                                     + " cannot be reached at "
                                                     + which.whom.raft_addr + ": " + trouble));
    return true;
  }

  actor_context context_;
  generation life_;
  peer_links_settings settings_;
  raft_handle raft_;
  storage::identity identity_;
  bool is_open_ = false;
  std::vector<peer_address> members_; ///< of the newest membership, without this server
  raft::log_index members_index_;
  std::set<raft::server_id> linked_; ///< when last looked at
  std::map<raft::server_id, search> sought_;
};

} // namespace

peer_links_handle start_peer_links(caf::actor_system& system, const actor_context& context,
                                   generation life, peer_links_settings settings) {
  auto handle =
      spawn_scheduled<peer_links>(system, context, "peer_links", 4096, life, std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.peer_links = handle; });
  return handle;
}

} // namespace actors
