// SPDX-License-Identifier: Apache-2.0
#include "actors/actor_gateway.hpp"

#include <algorithm>

#include <caf/send.hpp>

namespace actors {

namespace {

bool needs_the_protocol(const client_read& read) {
  return read.consistency == consistency::linearizable || read.min_index.value != 0;
}

class actor_gateway : public gateway {
public:
  actor_gateway(const actor_context& context, gateway_ways ways)
    : context_(context), ways_(std::move(ways)) {}

  // A request for an actor that does not run now is simply let go: it answers itself.

  void submit(client_batch requests) override {
    answer_batch together;
    auto now = context_.where->get();
    if (requests.reads)
      hand_stale_reads_on(*requests.reads, now.reader_pool);
    if (now.raft)
      caf::anon_send(now.raft, std::move(requests));
    else
      let_go(requests);
  }

  void checkpoint(checkpoint_now request) override {
    if (auto scheduler = context_.where->get().checkpoint_scheduler)
      caf::anon_send(scheduler, std::move(request));
  }

  void change_cluster(cluster_request request) override {
    if (auto raft = context_.where->get().raft)
      caf::anon_send(raft, std::move(request));
  }

  void restart_child(actors::restart_child request) override {
    if (ways_.restart_child)
      ways_.restart_child(std::move(request));
  }

  void inspect(inspection what) override {
    auto now = context_.where->get();
    if (auto* snapshot = std::get_if<snapshot_now>(&what))
      hand(now.snapshot_sender, std::move(*snapshot));
    else if (auto* backup = std::get_if<backup_now>(&what))
      hand(now.snapshot_sender, std::move(*backup));
    else if (auto* copy = std::get_if<copy_log_now>(&what))
      hand(now.inspector, std::move(*copy));
    else if (auto* piece = std::get_if<read_held_file>(&what))
      hand(now.inspector, std::move(*piece));
    else
      hand(now.inspector, std::move(std::get<validate_now>(what)));
  }

  void shut_down() override { ways_.shut_down(); }
  const status_board& status() const override { return *context_.board; }
  std::vector<actor_view> list_actors() const override { return context_.registry->list(); }
  std::vector<talk_view> list_talks() const override { return context_.registry->list_talks(); }

private:
  template <class Handle, class Message>
  static void hand(const Handle& to, Message what) {
    if (to)
      caf::anon_send(to, std::move(what));
  }

  static void hand_stale_reads_on(std::vector<client_read>& reads, const reader_pool_handle& pool) {
    auto first_stale = std::partition(reads.begin(), reads.end(), needs_the_protocol);
    if (first_stale == reads.end())
      return;
    auto stale = std::make_shared<std::vector<pooled_read>>();
    for (auto at = first_stale; at != reads.end(); ++at)
      stale->push_back({std::move(at->what), at->trace, std::move(at->reply), now_ns()});
    reads.erase(first_stale, reads.end());
    if (pool)
      caf::anon_send(pool, read_batch{std::move(stale)});
  }

  static void let_go(client_batch& requests) {
    requests.writes.reset();
    requests.reads.reset();
  }

  actor_context context_;
  gateway_ways ways_;
};

} // namespace

std::unique_ptr<gateway> make_actor_gateway(const actor_context& context, gateway_ways ways) {
  return std::make_unique<actor_gateway>(context, std::move(ways));
}

} // namespace actors
