// SPDX-License-Identifier: Apache-2.0
#include "replay/core_player.hpp"

#include <memory>

#include "replay/core_codec.hpp"
#include "replay/core_file.hpp"
#include "replay/recorded_core.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/memory_disk.hpp"

using namespace replay;

namespace {

const auto cluster = base::uuid_from_name("a cluster");

struct memory_sink final : record_sink {
  std::vector<base::bytes> records;
  void take(base::bytes record) override { records.push_back(std::move(record)); }
  base::bytes file() const {
    base::bytes all;
    for (const auto& each : records)
      all += each;
    return all;
  }
};

/// A server that is recorded: writes and applies at once what its core asks for.
class recorded_server {
public:
  explicit recorded_server(std::initializer_list<std::uint64_t> voters)
    : disk_(cluster, members(voters)), sink_(std::make_shared<memory_sink>()),
      core_(beginning(), sink_) {
    settle();
  }

  void tick(int count = 1) {
    for (; count > 0; --count) {
      core_.tick();
      settle();
    }
  }
  void hear(std::uint64_t from, raft::message body) {
    core_.step({raft::server_id{from}, {}}, std::move(body));
    settle();
  }
  void put(raft::request_id request, std::string value) {
    raft::proposal what;
    what.request = request;
    what.payload = raft::payload(std::move(value));
    core_.propose(std::move(what));
    settle();
  }
  void read(raft::request_id request) {
    core_.read_index(request);
    settle();
  }
  raft::core_status status() const { return core_.status(); }
  memory_sink& sink() { return *sink_; }

private:
  static raft::membership members(std::initializer_list<std::uint64_t> ids) {
    raft::membership all;
    for (auto id : ids)
      all.voters.push_back({raft::server_id{id}, {}, "", ""});
    return all;
  }
  core_beginning beginning() const {
    core_beginning how;
    how.config.self = raft::server_id{1};
    how.config.cluster_id = cluster;
    how.config.boot = base::uuid_from_name("a boot");
    how.recovered = disk_.recovered();
    how.random_seed = 7;
    return how;
  }
  void settle() {
    for (auto owed = core_.take_ready(); !owed.empty(); owed = core_.take_ready()) {
      if (owed.persist) {
        disk_.persist(*owed.persist);
        core_.persisted();
      }
      if (owed.apply) {
        disk_.apply(*owed.apply);
        core_.applied(owed.apply->entries.back().id.index);
      }
      if (owed.log_read)
        core_.log_read(disk_.read(*owed.log_read));
      if (owed.start_apply_timer)
        core_.apply_due();
    }
  }

  raft_test::memory_disk disk_;
  std::shared_ptr<memory_sink> sink_;
  recorded_core core_;
};

/// Elected by 2, it commits what 2 acknowledges.
recorded_server elected() {
  recorded_server server({1, 2, 3});
  while (server.status().role != raft::role_name::pre_candidate)
    server.tick();
  auto term = raft::term{server.status().current_term.value + 1};
  server.hear(2, raft::request_vote_reply{term, true, true});
  server.hear(2, raft::request_vote_reply{term, true, false});
  REQUIRE(server.status().role == raft::role_name::leader);
  for (std::uint64_t i = 0; i < 10; ++i) {
    server.put(i + 1, "value " + std::to_string(i));
    raft::append_entries_reply reply;
    reply.term = term;
    reply.outcome = raft::append_accepted{server.status().last_index};
    server.hear(2, reply);
    server.read(100 + i);
    server.tick();
  }
  CHECK(server.status().commit_index == server.status().last_index);
  CHECK(server.status().last_applied == server.status().last_index);
  return server;
}

play_report played(const base::bytes& file, const play_settings& how = {}) {
  auto report = play(file, how);
  REQUIRE(report);
  return std::move(*report);
}

} // namespace

TEST_CASE("the same inputs yield the same outputs, byte for byte", "[replay]") {
  recorded_server alone({1});
  for (raft::request_id request = 1; request <= 20; ++request)
    alone.put(request, std::string(request * 10, 'x'));
  auto leading = elected();
  for (auto* server : {&alone, &leading}) {
    auto report = played(server->sink().file());
    CHECK_FALSE(report.differs_at);
    CHECK(report.broken.empty());
    CHECK(report.outputs > 50);
    CHECK(report.server == raft::server_id{1});
    CHECK(report.cluster_id == cluster);
    CHECK(report.status.commit_index == server->status().commit_index);
    CHECK(report.status.last_applied == server->status().last_applied);
    CHECK_FALSE(report.is_torn);
  }
}

TEST_CASE("playing stops where it is told to", "[replay]") {
  auto file = elected().sink().file();
  auto early = played(file, {10, 3});
  CHECK(early.inputs == 10);
  CHECK(early.status.role != raft::role_name::leader);
  REQUIRE(early.last.size() == 3);
  CHECK(early.last.back().starts_with("#10 "));
  CHECK(played(file).inputs > 100);
  CHECK(played(file, {10, 0}).last.empty());
}

TEST_CASE("one flipped input is found, and where", "[replay]") {
  auto server = elected();
  auto& records = server.sink().records;
  std::uint64_t number = 0;
  bool is_flipped = false;
  for (auto& each : records) {
    record_reader in(each);
    auto read = in.next(); // the head is none; it is too short for a record
    if (!read || !*read || !std::holds_alternative<core_input>(**read))
      continue;
    ++number;
    auto& input = std::get<core_input>(**read);
    auto* heard = std::get_if<inputs::step>(&input);
    auto* reply = heard ? std::get_if<raft::append_entries_reply>(&heard->body) : nullptr;
    if (!reply || is_flipped)
      continue;
    is_flipped = true;
    std::get<raft::append_accepted>(reply->outcome).match_index.value -= 1;
    each = record_of(input);
    break;
  }
  REQUIRE(is_flipped);
  auto report = played(server.sink().file());
  REQUIRE(report.differs_at);
  CHECK(*report.differs_at == number + 1); // the ready that follows it
  CHECK(report.last.size() == 5);
}

TEST_CASE("a recording that ends within a record is played as far as it goes", "[replay]") {
  auto file = elected().sink().file();
  auto report = played(file.substr(0, file.size() - 5));
  CHECK(report.is_torn);
  CHECK_FALSE(report.differs_at);
  CHECK(report.inputs > 100);
}

TEST_CASE("the bound of a recording ends it", "[replay]") {
  auto report = played(elected().sink().file() + record_of_bound());
  CHECK(report.reached_bound);
  CHECK_FALSE(report.differs_at);
}

TEST_CASE("what ended the core ends it again", "[replay][INV-10]") {
  recorded_server server({1});
  server.sink().take(record_of(core_input(inputs::persisted{}))); // no persist is under way
  auto report = played(server.sink().file());
  CHECK(report.broken.find("INV-10") != std::string::npos);
  CHECK_FALSE(report.differs_at);
}

TEST_CASE("a damaged recording is refused, and it is said where", "[replay]") {
  auto file = elected().sink().file();
  auto damaged = file;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  auto report = play(damaged, {});
  REQUIRE_FALSE(report);
  CHECK(report.error().text.find("after input ") != std::string::npos);
  CHECK(play("something else", {}).error().code == base::errc::incompatible);
  CHECK(play("", {}).error().code == base::errc::incompatible);
  CHECK(play(file_head(), {}).error().code == base::errc::corrupt);
}
