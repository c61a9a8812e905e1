// SPDX-License-Identifier: Apache-2.0
#include "bench/reader_group.hpp"

#include <stdexcept>

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/log_writer.hpp"
#include "actors/storage_writer.hpp"
#include "storage/lmdb_log_store.hpp"
#include "storage/sqlite_state_machine.hpp"

namespace bench {

namespace {

constexpr actors::generation life = 1;
constexpr std::chrono::seconds begin_patience{60};

actors::actor_context make_context() {
  actors::actor_context context;
  context.registry = std::make_shared<actors::actor_registry>();
  context.board = std::make_shared<actors::status_board>();
  context.metrics = std::make_shared<actors::node_metrics>(raft::server_id{1});
  context.where = std::make_shared<actors::directory>();
  return context;
}

base::result<std::unique_ptr<storage::log_store>> open_log(const std::string& path) {
  storage::lmdb_log_options options;
  options.path = path;
  return storage::lmdb_log_store::open(options);
}

base::result<std::unique_ptr<storage::state_machine>> open_state(const std::string& path) {
  storage::sqlite_state_options options;
  options.path = path;
  return storage::sqlite_state_machine::open(options);
}

} // namespace

reader_group::scheduling::scheduling() {
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-throughput", 100);
}

reader_group::reader_group(const std::filesystem::path& log, const std::filesystem::path& state)
  : context_(make_context()) {
  log_writer_ =
      actors::start_log_writer(system_, context_, life, {[log] { return open_log(log.string()); }});
  begin(log_writer_);
  storage_writer_ =
      actors::start_storage_writer(system_, context_, life,
                                   {[state] { return open_state(state.string()); },
                                    [] { return true; }, 100 * base::limits::mebibyte});
  begin(storage_writer_);
}

reader_group::~reader_group() {
  context_.where->change([](actors::directory::handles& all) { all = {}; });
  caf::scoped_actor self(system_);
  auto end = [&self](const auto& child) {
    self->send_exit(child, caf::exit_reason::user_shutdown);
    self->wait_for(child);
  };
  for (const auto& pool : pools_)
    end(pool);
  end(storage_writer_);
  end(log_writer_);
}

actors::reader_pool_handle reader_group::add_pool(std::size_t readers) {
  actors::reader_pool_settings settings;
  settings.readers = readers;
  pools_.push_back(actors::start_reader_pool(system_, context_, settings));
  begin(pools_.back());
  return pools_.back();
}

template <class Handle>
void reader_group::begin(const Handle& child) {
  caf::scoped_actor self(system_);
  self->request(child, begin_patience, actors::begin{})
      .receive([](actors::begun) {},
               [this](const caf::error& why) { throw std::runtime_error(system_.render(why)); });
}

} // namespace bench
