// SPDX-License-Identifier: Apache-2.0
// A snapshot travels from one server's actors to another's, over a pipe in memory, with real
// threads and real SQLite files. The raft actors are played by the test.
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/log_writer.hpp"
#include "actors/reader_pool.hpp"
#include "actors/snapshot_receiver.hpp"
#include "actors/snapshot_sender.hpp"
#include "actors/storage_writer.hpp"
#include "actors/traced.hpp"
#include "base/snapshot_limits.hpp"
#include "storage/lost_state_machine.hpp"
#include "storage/memory_log_store.hpp"
#include "storage/sqlite_state_machine.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/entry_source.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace actors;
using raft::log_index;

constexpr generation life = 1;
constexpr std::chrono::seconds patience{60};

base::uuid cluster() {
  return base::uuid_from_name("snapshot transfer");
}

// -- a connection --------------------------------------------------------------------

/// What both ends of a pipe share.
struct pipe {
  std::mutex guard;
  std::condition_variable changed;
  std::deque<base::bytes> chunks;
  std::optional<std::uint64_t> accepted_at;
  std::optional<base::status> verdict;
  bool is_cut = false;
  std::uint64_t bytes_written = 0;
  std::uint64_t cut_after = ~std::uint64_t{0};

  template <class Condition>
  bool wait(std::unique_lock<std::mutex>& lock, Condition condition) {
    return changed.wait_for(lock, patience, [&] { return is_cut || condition(); }) && !is_cut;
  }
};

base::status cut_off() {
  return base::fail(base::errc::io, "the connection was cut");
}

class pipe_output final : public snapshot_output {
public:
  explicit pipe_output(std::shared_ptr<pipe> shared) : shared_(std::move(shared)) {}
  ~pipe_output() override { cut(); }

  std::uint64_t resume_offset() const override { return *shared_->accepted_at; }
  base::status write(base::byte_view bytes) override {
    std::unique_lock lock(shared_->guard);
    if (!shared_->wait(lock, [&] { return shared_->chunks.size() < 4; }))
      return cut_off();
    shared_->chunks.emplace_back(bytes);
    shared_->bytes_written += bytes.size();
    if (shared_->bytes_written >= shared_->cut_after)
      shared_->is_cut = true;
    shared_->changed.notify_all();
    return {};
  }
  base::status finish() override {
    std::unique_lock lock(shared_->guard);
    shared_->chunks.emplace_back();
    shared_->changed.notify_all();
    if (!shared_->wait(lock, [&] { return shared_->verdict.has_value(); }) && !shared_->verdict)
      return cut_off();
    return *shared_->verdict;
  }

private:
  void cut() {
    std::lock_guard lock(shared_->guard);
    shared_->is_cut = true;
    shared_->changed.notify_all();
  }
  std::shared_ptr<pipe> shared_;
};

class pipe_input final : public snapshot_input {
public:
  pipe_input(std::shared_ptr<pipe> shared, raft::server_id from, snapshot_offer what)
    : shared_(std::move(shared)), from_(from), offer_(std::move(what)) {}
  ~pipe_input() override { settle(base::fail(base::errc::invalid, "given up")); }

  raft::server_id from() const override { return from_; }
  const snapshot_offer& offer() const override { return offer_; }
  base::status accept(std::uint64_t offset) override {
    std::lock_guard lock(shared_->guard);
    shared_->accepted_at = offset;
    shared_->changed.notify_all();
    return {};
  }
  void refuse(std::string reason) override {
    settle(base::fail(base::errc::invalid, std::move(reason)));
  }
  base::result<base::bytes> read() override {
    std::unique_lock lock(shared_->guard);
    if (!shared_->wait(lock, [&] { return !shared_->chunks.empty(); }))
      return base::fail(cut_off().error());
    auto chunk = std::move(shared_->chunks.front());
    shared_->chunks.pop_front();
    shared_->changed.notify_all();
    return chunk;
  }
  base::status complete() override {
    settle({});
    return {};
  }
  void cancel() override {
    std::lock_guard lock(shared_->guard);
    shared_->is_cut = true;
    shared_->changed.notify_all();
  }

private:
  void settle(base::status how) {
    std::lock_guard lock(shared_->guard);
    if (!shared_->verdict)
      shared_->verdict = std::move(how);
    shared_->changed.notify_all();
  }
  std::shared_ptr<pipe> shared_;
  raft::server_id from_;
  snapshot_offer offer_;
};

class pipe_transport final : public snapshot_transport {
public:
  explicit pipe_transport(std::shared_ptr<snapshot_inbox> to) : to_(std::move(to)) {}

  base::result<std::unique_ptr<snapshot_output>> open_snapshot(raft::server_id,
                                                               const snapshot_offer& what,
                                                               std::chrono::milliseconds) override {
    ++opened;
    auto shared = std::make_shared<pipe>();
    shared->cut_after = cut_after.exchange(~std::uint64_t{0});
    to_->put(std::make_unique<pipe_input>(shared, raft::server_id{1}, what));
    std::unique_lock lock(shared->guard);
    if (!shared->wait(lock, [&] { return shared->accepted_at || shared->verdict; }))
      return base::fail(base::errc::timeout, "no answer to the offer");
    if (!shared->accepted_at)
      return base::fail(shared->verdict->error());
    resumed_at = *shared->accepted_at;
    return std::make_unique<pipe_output>(shared);
  }

  std::atomic<std::uint64_t> cut_after = ~std::uint64_t{0};
  std::atomic<std::uint64_t> resumed_at = 0;
  std::atomic<int> opened = 0;

private:
  std::shared_ptr<snapshot_inbox> to_;
};

// -- a server ------------------------------------------------------------------------

/// What the raft actor was told.
struct told {
  std::mutex guard;
  std::condition_variable changed;
  int sent = 0;
  int not_sent = 0;
  int arrived = 0;
  std::optional<raft::snapshot_point> installed;

  template <class Change>
  void change(Change how) {
    std::lock_guard lock(guard);
    how();
    changed.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(guard);
    return changed.wait_for(lock, patience, condition);
  }
};

/// Stands for the raft actor: hands on what the core would decide.
class played_raft : public traced<caf::event_based_actor> {
public:
  played_raft(caf::actor_config& config, const actor_context& context, std::shared_ptr<told> heard)
    : traced(config, context.registry,
             context.registry->add("raft", "scheduled", "supervisor", 1000)),
      where_(context.where), heard_(std::move(heard)) {}

  caf::behavior make_behavior() override {
    return {
        [this](const send_snapshot& what) { send(where_->get().snapshot_sender, what); },
        [this](const snapshot_was_sent&) { heard_->change([this] { ++heard_->sent; }); },
        [this](const snapshot_not_sent&) { heard_->change([this] { ++heard_->not_sent; }); },
        [](const slow_writes&) {},
        [](const applied&) {},
        [this](const snapshot_arrived&) {
          heard_->change([this] { ++heard_->arrived; });
          send(where_->get().storage_writer, install_pending{life});
        },
        [this](const snapshot_installed& what) {
          heard_->change([&] { heard_->installed = *what.point; });
        },
    };
  }

private:
  std::shared_ptr<directory> where_;
  std::shared_ptr<told> heard_;
};

/// The actors of one server, but for its raft actor.
class server {
public:
  server(caf::actor_system& system, std::uint64_t id) : system_(system) {
    context.registry = std::make_shared<actor_registry>();
    context.board = std::make_shared<status_board>();
    context.metrics = std::make_shared<node_metrics>(raft::server_id{id});
    context.where = std::make_shared<directory>();
    who = {cluster(), raft::server_id{id}, base::random_uuid(), base::random_uuid()};
    options.path = stores().state_path;
  }
  ~server() { stop(); }

  storage::store_paths stores() const {
    return {storage::backend::sqlite, dir.path().string(), dir / "raft-log.lmdb",
            dir / "state-machine.db"};
  }

  void start(bool is_lost, std::shared_ptr<snapshot_transport> transport) {
    play_raft();
    log_writer_settings log_setup;
    log_setup.open = [this]() -> base::result<std::unique_ptr<storage::log_store>> {
      raft::membership members;
      members.voters.push_back({raft::server_id{1}, {}, "", ""});
      members.voters.push_back({raft::server_id{2}, {}, "", ""});
      auto log = std::make_unique<storage::memory_log_store>(storage::genesis_seed(who, members));
      // The term of the entries, which a leader's messages have brought.
      if (auto done = log->append({{}, std::nullopt, {raft::term{1}, {}, log_index{1}}}); !done)
        return base::fail(done.error());
      return log;
    };
    begin_child(start_log_writer(system_, context, life, log_setup));
    storage_writer_settings state_setup;
    state_setup.open = [this, is_lost]() -> base::result<std::unique_ptr<storage::state_machine>> {
      if (is_lost)
        return std::make_unique<storage::lost_state_machine>(who);
      return storage::sqlite_state_machine::create(options, who);
    };
    state_setup.install =
        [this](const std::string& file) -> base::result<std::unique_ptr<storage::state_machine>> {
      if (auto swapped =
              storage::swap_state_file(stores(), storage::transfer_paths(stores()).prepared(file));
          !swapped)
        return base::fail(swapped.error());
      return storage::sqlite_state_machine::open(options);
    };
    state_setup.was_verified = [] { return true; };
    state_setup.wal_warning_bytes = 1 << 30;
    begin_child(start_storage_writer(system_, context, life, state_setup));
    begin_child(start_reader_pool(system_, context, {2, 100, 8, std::chrono::milliseconds(50)}));
    begin_child(start_snapshot_sender(system_, context, life,
                                      {transport, storage::backend::sqlite,
                                       storage::transfer_paths(stores()).outgoing(),
                                       std::chrono::seconds(30), std::chrono::milliseconds(1)}));
    begin_child(start_snapshot_receiver(system_, context, life, {inbox, stores()}));
  }

  void stop() {
    auto all = context.where->get();
    context.where->change([](directory::handles& now) { now = {}; });
    inbox->interrupt();
    caf::scoped_actor self{system_};
    auto end = [&](auto& handle) {
      if (!handle)
        return;
      auto child = caf::actor_cast<caf::actor>(handle);
      self->monitor(child);
      caf::anon_send_exit(child, caf::exit_reason::user_shutdown);
      self->receive([](const caf::down_msg&) {}, caf::after(patience) >> [] { FAIL("hangs"); });
    };
    end(all.raft);
    end(all.snapshot_receiver);
    end(all.snapshot_sender);
    end(all.reader_pool);
    end(all.storage_writer);
    end(all.log_writer);
  }

  /// Applies entries as the raft actor would.
  void apply_rows(int rows, std::size_t value_bytes) {
    std::vector<raft::entry> entries;
    for (int i = 0; i < rows; ++i)
      entries.push_back(source.set("key " + std::to_string(i),
                                   std::string(value_bytes, static_cast<char>('a' + i % 26))));
    auto last = source.last().index;
    caf::anon_send(context.where->get().storage_writer,
                   apply{life,
                         std::make_shared<std::vector<raft::entry>>(std::move(entries)),
                         {++counter_, last}});
    REQUIRE(until([&] { return status().meta.last_applied.index == last; }));
  }

  storage_status status() const { return *context.board->get<storage_status>(); }

  template <class Condition>
  bool until(Condition condition) {
    auto end = std::chrono::steady_clock::now() + patience;
    while (!condition() && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return condition();
  }

  std::string get(const std::string& key) {
    auto reads = std::make_shared<std::vector<pooled_read>>();
    auto where = std::make_shared<slot<query_result>>(nullptr);
    reads->push_back({key, {}, reply_to<query_result>(where), now_ns()});
    caf::anon_send(context.where->get().reader_pool, read_batch{std::move(reads)});
    REQUIRE(until([&] { return where->is_filled(); }));
    auto answer = where->take();
    if (!answer)
      return "(" + std::string(to_string(answer.error().code)) + ")";
    auto& found = std::get<storage::get_result>(*answer).found;
    return found ? found->value : "(none)";
  }

  void ask_for_snapshot(std::uint64_t to, log_index at_least) {
    caf::anon_send(raft_, send_snapshot{life, raft::server_id{to}, at_least});
  }

  void publish_raft(log_index first, raft::term term) {
    raft_status status;
    status.core.first_index = first;
    status.core.current_term = term;
    context.board->publish(status);
  }

  tests::temp_dir dir{"transfer"};
  actor_context context;
  storage::identity who;
  storage::sqlite_state_options options;
  std::shared_ptr<snapshot_inbox> inbox = std::make_shared<snapshot_inbox>();
  std::shared_ptr<told> heard = std::make_shared<told>();
  tests::entry_source source{cluster()};

private:
  void play_raft() {
    raft_ = system_.spawn<played_raft>(context, heard);
    context.where->change(
        [this](directory::handles& all) { all.raft = caf::actor_cast<raft_handle>(raft_); });
    publish_raft(log_index{1}, raft::term{1});
  }

  template <class Handle>
  void begin_child(const Handle& child) {
    caf::scoped_actor self{system_};
    std::string failure;
    self->request(child, patience, begin{})
        .receive([](begun) {}, [&](caf::error& why) { failure = system_.render(why); });
    REQUIRE(failure == "");
  }

  caf::actor_system& system_;
  caf::actor raft_;
  std::uint64_t counter_ = 0;
};

/// A leader that has 300 rows, and a follower that has none.
class transfer {
public:
  void start(bool is_lost = false) {
    follower.start(is_lost, nullptr);
    leader.start(false, to_follower);
    leader.apply_rows(300, 20000);
  }
  void send() { leader.ask_for_snapshot(2, log_index{1}); }

  caf::actor_system_config config;
  caf::actor_system system{config};
  server leader{system, 1};
  server follower{system, 2};
  std::shared_ptr<pipe_transport> to_follower = std::make_shared<pipe_transport>(follower.inbox);
};

} // namespace

TEST_CASE_METHOD(transfer, "a snapshot takes the place of a follower's state", "[INV-82]") {
  start();
  CHECK(follower.get("key 7") == "(none)");
  send();
  REQUIRE(leader.heard->wait([&] { return leader.heard->sent == 1; }));
  REQUIRE(follower.heard->wait([&] { return follower.heard->installed.has_value(); }));
  CHECK(follower.heard->installed->id == leader.status().meta.last_applied);
  CHECK(follower.status().meta == leader.status().meta);
  CHECK(follower.get("key 7") == std::string(20000, 'h'));
  CHECK(follower.context.board->get<snapshot_received_status>()->installed == 1);
  auto left = storage::transfer_paths(follower.stores());
  CHECK_FALSE(
      std::filesystem::exists(left.prepared(left.prepared_name({log_index{300}, raft::term{1}}))));
}

TEST_CASE_METHOD(transfer, "a snapshot takes the place of a state that was lost") {
  start(true);
  CHECK(follower.status().is_lost);
  CHECK(follower.get("key 7") == "(storage_busy)");
  send();
  REQUIRE(follower.heard->wait([&] { return follower.heard->installed.has_value(); }));
  CHECK_FALSE(follower.status().is_lost);
  CHECK(follower.get("key 7") == std::string(20000, 'h'));
}

TEST_CASE_METHOD(transfer, "a transfer that was cut off goes on where it ended") {
  start();
  to_follower->cut_after = 8 * base::limits::snapshot_chunk_bytes;
  send();
  REQUIRE(leader.heard->wait([&] { return leader.heard->not_sent == 1; }));
  REQUIRE(follower.until([&] {
    auto status = follower.context.board->get<snapshot_received_status>();
    return status->at == snapshot_received_status::stage::none;
  }));
  send();
  REQUIRE(leader.heard->wait([&] { return leader.heard->sent == 1; }));
  CHECK(to_follower->resumed_at > 0);
  CHECK(to_follower->resumed_at % base::limits::snapshot_chunk_bytes == 0);
  CHECK(leader.context.board->get<snapshots_sent_status>()->built == 1);
  CHECK(follower.status().meta == leader.status().meta);
}

TEST_CASE_METHOD(transfer, "a file is used again while the log goes on from it") {
  start();
  send();
  REQUIRE(leader.heard->wait([&] { return leader.heard->sent == 1; }));
  // The same follower has it already, and says so; the next file is made anew.
  send();
  REQUIRE(leader.heard->wait([&] { return leader.heard->not_sent == 1; }));
  CHECK(leader.context.board->get<snapshots_sent_status>()->built == 1);
  leader.apply_rows(1, 10);
  leader.publish_raft(log_index{302}, raft::term{1});
  send();
  REQUIRE(leader.heard->wait([&] { return leader.heard->sent == 2; }));
  CHECK(leader.context.board->get<snapshots_sent_status>()->built == 2);
  CHECK(follower.status().meta == leader.status().meta);
}

TEST_CASE_METHOD(transfer, "a snapshot of an older term is refused") {
  start();
  follower.publish_raft(log_index{1}, raft::term{2});
  send();
  REQUIRE(leader.heard->wait([&] { return leader.heard->not_sent == 1; }));
  CHECK(follower.heard->arrived == 0);
  CHECK(follower.get("key 7") == "(none)");
}

TEST_CASE_METHOD(transfer, "reads go on while a snapshot comes and takes its place") {
  start();
  send();
  auto is_installed = [&] {
    std::lock_guard guard(follower.heard->guard);
    return follower.heard->installed.has_value();
  };
  for (int answered = 0; !is_installed(); ++answered) {
    auto value = follower.get("key 7");
    // The old state or the new one; nothing in between, and never an error.
    CHECK((value == "(none)" || value == std::string(20000, 'h')));
    REQUIRE(answered < 1000000);
  }
  CHECK(follower.get("key 7") == std::string(20000, 'h'));
}

// It waited for as long as the sender may be silent.
TEST_CASE_METHOD(transfer, "a receiver whose sender says nothing ends at once when it is to") {
  start();
  auto silent = std::make_shared<pipe>();
  snapshot_offer what;
  what.term = raft::term{1};
  what.point.id = {log_index{400}, raft::term{1}};
  what.size_bytes = 1000;
  what.file = base::random_uuid();
  what.attributes = encode(snapshot_attributes{storage::backend::sqlite, {}});
  follower.inbox->put(std::make_unique<pipe_input>(silent, raft::server_id{1}, what));
  {
    std::unique_lock lock(silent->guard);
    REQUIRE(silent->wait(lock, [&] { return silent->accepted_at.has_value(); }));
  }
  follower.stop(); // fails when it takes longer than `patience`, as the sender is silent
  CHECK(silent->is_cut);
}
