// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/cluster_fixture.hpp"

#include <caf/send.hpp>

#include "actors/actor_gateway.hpp"
#include "actors/checkpoint_scheduler.hpp"
#include "actors/log_writer.hpp"
#include "actors/peer_links.hpp"
#include "actors/raft_actor.hpp"
#include "actors/reader_pool.hpp"
#include "actors/storage_writer.hpp"
#include "storage/memory_log_store.hpp"
#include "storage/memory_state_machine.hpp"

namespace actors {

namespace {

constexpr generation first_life = 1;

raft_settings raft_setup(const storage::identity& who) {
  raft_settings setup;
  setup.core.self = who.server;
  setup.core.cluster_id = who.cluster_id;
  setup.core.proposals_in_flight_max = 100;
  setup.core.proposal_bytes_in_flight_max = base::limits::mebibyte;
  setup.core.reads_waiting_max = 100;
  setup.random_seed = who.server.value;
  setup.wall_clock_ms = [] { return std::uint64_t{0}; };
  return setup;
}

raft::membership members_to(std::size_t last) {
  raft::membership all;
  for (std::uint64_t id = 1; id <= last; ++id)
    all.voters.push_back({raft::server_id{id}, {}, cluster_fixture::address_of(id), ""});
  return all;
}

} // namespace

raft::core_status cluster_node::core() const {
  auto status = context.board->get<raft_status>();
  return status ? status->core : raft::core_status{};
}

peers_status cluster_node::peers() const {
  auto status = context.board->get<peers_status>();
  return status ? *status : peers_status{};
}

std::shared_ptr<slot<written>> cluster_node::write(const storage::command& what,
                                                   bool needs_result) {
  client_write request;
  request.command = raft::payload(storage::encode(what));
  request.answer_needs_apply = needs_result || what.is_conditional();
  auto where = std::make_shared<slot<written>>(nullptr);
  request.reply = reply_to<written>(where);
  client_batch batch;
  batch.writes = std::make_shared<std::vector<client_write>>();
  batch.writes->push_back(std::move(request));
  door->submit(std::move(batch));
  return where;
}

std::shared_ptr<slot<written>> cluster_node::put(const std::string& key, const std::string& value) {
  return write({{storage::set_operation{key, value}}, {}}, false);
}

std::shared_ptr<slot<written>> cluster_node::remove(const std::string& key) {
  return write({{storage::delete_operation{key}}, {}}, true);
}

std::shared_ptr<slot<query_result>> cluster_node::get(const std::string& key, consistency how,
                                                      std::uint64_t min_index) {
  client_read request;
  request.what = key;
  request.consistency = how;
  request.min_index = raft::log_index{min_index};
  auto where = std::make_shared<slot<query_result>>(nullptr);
  request.reply = reply_to<query_result>(where);
  client_batch batch;
  batch.reads = std::make_shared<std::vector<client_read>>();
  batch.reads->push_back(std::move(request));
  door->submit(std::move(batch));
  return where;
}

cluster_fixture::cluster_fixture(std::size_t founders, bool has_leases) : has_leases_(has_leases) {
  for (std::uint64_t id = 1; id <= founders; ++id)
    start(id, members_to(founders), {});
}

cluster_fixture::~cluster_fixture() {
  while (!nodes_.empty())
    stop(nodes_.begin()->first);
}

cluster_node& cluster_fixture::join(std::uint64_t id) {
  return start(id, {}, {});
}

cluster_node& cluster_fixture::found(std::uint64_t id, std::size_t founders) {
  return start(id, {}, members_to(founders).voters);
}

cluster_node& cluster_fixture::start(std::uint64_t id, const raft::membership& entry,
                                     std::vector<raft::member> founders) {
  auto& node = *(nodes_[id] = std::make_unique<cluster_node>());
  auto name = std::to_string(id);
  auto life = name + "." + std::to_string(++lives_[id]);
  node.identity = {base::uuid_from_name("cluster"), raft::server_id{id},
                   base::uuid_from_name("incarnation " + life),
                   base::uuid_from_name("log " + name)};
  node.context.registry = std::make_shared<actor_registry>();
  node.context.board = std::make_shared<status_board>();
  node.context.metrics = std::make_shared<node_metrics>(raft::server_id{id});
  node.context.where = std::make_shared<directory>();
  node.context.detach_blocking = false;
  node.transport = network.attach(address_of(id));
  node.transport->http_addr = "http" + name + ":1";
  node.door = make_actor_gateway(node.context, {[] {}, {}});
  auto begin_child = [this](const auto& child) {
    caf::anon_send(child, begin{});
    scheduler().run();
  };
  auto open_log = [&node, entry]() -> base::result<std::unique_ptr<storage::log_store>> {
    return std::make_unique<test_support::faulty_log_store>(
        std::make_unique<storage::memory_log_store>(storage::genesis_seed(node.identity, entry)),
        node.log_script);
  };
  auto open_state = [&node]() -> base::result<std::unique_ptr<storage::state_machine>> {
    return std::make_unique<storage::memory_state_machine>(node.identity);
  };
  begin_child(start_log_writer(system_, node.context, first_life, {open_log}));
  begin_child(start_storage_writer(system_, node.context, first_life,
                                   {open_state, [] { return true; }, 0}));
  begin_child(start_reader_pool(system_, node.context, {1, 100, 8}));
  auto setup = raft_setup(node.identity);
  setup.core.incarnation = node.identity.incarnation;
  setup.core.leases_enabled = has_leases_;
  setup.founders = std::move(founders);
  setup.time_passed = [this, frozen_for = node.frozen_for] {
    return system_.clock().now().time_since_epoch() + *frozen_for;
  };
  begin_child(start_raft_actor(system_, node.context, first_life, std::move(setup)));
  peer_links_settings links;
  links.transport = node.transport;
  links.opens_at_once = true;
  begin_child(start_peer_links(system_, node.context, first_life, std::move(links)));
  return node;
}

void cluster_fixture::stop(std::uint64_t id) {
  auto& where = *nodes_.at(id)->context.where;
  auto all = where.get();
  where.change([](directory::handles& now) { now = {}; });
  caf::anon_send_exit(all.peer_links, caf::exit_reason::kill);
  caf::anon_send_exit(all.raft, caf::exit_reason::kill);
  caf::anon_send_exit(all.reader_pool, caf::exit_reason::kill);
  caf::anon_send_exit(all.storage_writer, caf::exit_reason::kill);
  caf::anon_send_exit(all.log_writer, caf::exit_reason::kill);
  all = {};
  scheduler().run();
  nodes_.erase(id);
}

cluster_node& cluster_fixture::leader() {
  cluster_node* found = nullptr;
  for (auto& [id, node] : nodes_)
    if (node->leads()
        && (found == nullptr || found->core().current_term < node->core().current_term))
      found = node.get();
  REQUIRE(found != nullptr);
  return *found;
}

cluster_node& cluster_fixture::follower() {
  for (auto& [id, node] : nodes_)
    if (!node->leads())
      return *node;
  FAIL("every node leads");
  throw std::logic_error("unreachable");
}

void cluster_fixture::settle() {
  do
    scheduler().run();
  while (network.deliver());
}

void cluster_fixture::pass(std::chrono::milliseconds time) {
  settle();
  for (constexpr std::chrono::milliseconds step{5}; time.count() > 0; time -= step) {
    scheduler().advance_time(step);
    settle();
  }
}

void cluster_fixture::wait_for_leader() {
  wait_until(
      [this] {
        raft::server_id led;
        for (auto& [id, node] : nodes_) {
          auto seen = node->core().leader;
          if (seen == raft::server_id{} || (led != raft::server_id{} && led != seen))
            return false;
          led = seen;
        }
        return true;
      },
      "a leader whom everybody knows");
}

std::string cluster_fixture::value_of(const std::shared_ptr<slot<query_result>>& where) {
  auto what = told(where);
  if (!what)
    return "(" + std::string(to_string(what.error().code)) + ")";
  auto& found = std::get<storage::get_result>(*what).found;
  return found ? found->value : "(none)";
}

} // namespace actors
