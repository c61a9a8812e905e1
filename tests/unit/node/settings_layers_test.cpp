// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "base/limits.hpp"
#include "node/setting_keys.hpp"
#include "tests/unit/node/settings_fixture.hpp"

using tests::configuration;
using namespace std::chrono_literals;

TEST_CASE("without any source a single node on loopback is configured", "[settings][INV-120]") {
  auto loaded = configuration().load();
  const auto& cluster = loaded.values.cluster;
  CHECK(cluster.node_id == 1);
  CHECK(cluster.data_dir == "./data/node-1");
  CHECK(cluster.sqlite_sm_path == "./data/node-1/state-machine.db");
  CHECK(cluster.lmdb_log_path == "./data/node-1/raft-log.lmdb");
  CHECK(to_string(cluster.http_addr) == "127.0.0.1:8080");
  CHECK(to_string(cluster.admin_addr) == "127.0.0.1:8081");
  CHECK(to_string(cluster.raft_addr) == "127.0.0.1:8082");
  CHECK(cluster.sqlite_read_pool_size == 10);
  CHECK(cluster.sqlite_auto_checkpoint_threshold.bytes == 104857600);
  CHECK(loaded.origins.at("cluster.node_id").text() == "default");
}

TEST_CASE("defaults that are bounds equal the bounds in base", "[settings]") {
  namespace limits = base::limits;
  auto raft = configuration().load().values.raft;
  CHECK(raft.proposals_in_flight_max == limits::proposals_in_flight_max);
  CHECK(raft.proposal_bytes_in_flight_max.bytes == limits::proposal_bytes_in_flight_max);
  CHECK(raft.reads_waiting_max == limits::reads_waiting_max);
  CHECK(raft.log_entries_kept == limits::log_entries_kept_min);
  CHECK(raft.log_bytes_kept.bytes == limits::log_bytes_kept_max);
}

TEST_CASE("the restart policy's defaults are the documented ones", "[settings]") {
  auto supervisor = configuration().load().values.supervisor;
  CHECK(supervisor.backoff_initial == 1s);
  CHECK(supervisor.backoff_max == 16s);
  CHECK(supervisor.restarts_max == 3);
  CHECK(supervisor.restart_window == 10min);
  CHECK(supervisor.circuit_open_time == 300s);
  CHECK(supervisor.half_open_time == 120s);
  CHECK(supervisor.stability_time == 300s);
}

TEST_CASE("command line goes before environment before file before default",
          "[settings][INV-120]") {
  configuration config;
  auto node_id = [&config] { return config.load().values.cluster.node_id; };
  auto origin = [&config] { return config.load().origins.at("cluster.node_id").text(); };
  CHECK(node_id() == 1);
  config.file("[cluster]\n\nnode_id = 2\n");
  CHECK(node_id() == 2);
  CHECK(origin() == config.path() + ":3");
  config.variable("ASPEN_NODE_ID", "3");
  CHECK(node_id() == 3);
  CHECK(origin() == "ASPEN_NODE_ID");
  config.flag("cluster.node_id", "--node-id", "4");
  CHECK(node_id() == 4);
  CHECK(origin() == "--node-id");
}

TEST_CASE("a flag equal to the default still goes before the file", "[settings][INV-120]") {
  configuration config;
  config.file("[cluster]\nnode_id = 2\n").flag("cluster.node_id", "--node-id", "1");
  CHECK(config.load().values.cluster.node_id == 1);
}

TEST_CASE("paths that were not given follow the data directory and the node id", "[settings]") {
  auto by_id = configuration().variable("ASPEN_NODE_ID", "7").load().values.cluster;
  CHECK(by_id.data_dir == "./data/node-7");
  CHECK(by_id.lmdb_log_path == "./data/node-7/raft-log.lmdb");
  auto by_dir = configuration().variable("ASPEN_DATA_DIR", "/var/lib/aspen").load().values.cluster;
  CHECK(by_dir.sqlite_sm_path == "/var/lib/aspen/state-machine.db");
}

TEST_CASE("every key can be set by its variable", "[settings]") {
  for (const auto& each : node::all_keys()) {
    CAPTURE(each.full_name());
    node::setting_sources sources;
    sources.environment.emplace_back(each.environment_name(), "\x01");
    auto loaded = node::load_settings(sources);
    // Either it is taken, or refused as a bad value of this very key.
    CHECK((loaded ? loaded->origins.at(each.full_name()).text() : loaded.error().front().where)
          == each.environment_name());
  }
}

TEST_CASE("no two keys share a name or a variable", "[settings]") {
  std::set<std::string> names;
  std::set<std::string> variables{"ASPEN_LOG"};
  for (const auto& each : node::all_keys()) {
    CAPTURE(each.full_name());
    CHECK(names.insert(each.full_name()).second);
    CHECK(variables.insert(each.environment_name()).second);
  }
}

TEST_CASE("variables of [cluster] have no section in their name, others have", "[settings]") {
  CHECK(node::find_key("cluster", "storage_backend")->environment_name()
        == "ASPEN_STORAGE_BACKEND");
  CHECK(node::find_key("cluster", "sqlite_sm_path")->environment_name() == "ASPEN_SQLITE_SM_PATH");
  CHECK(node::find_key("cluster", "lmdb_log_path")->environment_name() == "ASPEN_LMDB_LOG_PATH");
  CHECK(node::find_key("http", "behind_proxy")->environment_name() == "ASPEN_HTTP_BEHIND_PROXY");
}

TEST_CASE("ASPEN_LOG sets the filter, before ASPEN_LOG_FILTER", "[settings]") {
  configuration config;
  config.variable("ASPEN_LOG_FILTER", "warn").variable("ASPEN_LOG", "aspen::raft=debug");
  CHECK(config.load().values.log.filter == "aspen::raft=debug");
  CHECK(config.load().origins.at("log.filter").text() == "ASPEN_LOG");
}

TEST_CASE("lists are written as lists in a file and with commas in a variable", "[settings]") {
  std::vector<std::string> expected{"a.example", "b.example"};
  configuration file;
  file.file("[http]\nallowed_hosts = [\"a.example\", \"b.example\"]\n");
  CHECK(file.load().values.http.allowed_hosts == expected);
  configuration variable;
  variable.variable("ASPEN_HTTP_ALLOWED_HOSTS", "a.example, b.example");
  CHECK(variable.load().values.http.allowed_hosts == expected);
}

TEST_CASE("a _mb key counts MB and takes a unit too", "[settings]") {
  auto threshold = [](const std::string& written) {
    configuration config;
    config.file("[cluster]\nsqlite_auto_checkpoint_threshold_mb = " + written + "\n");
    return config.load().values.cluster.sqlite_auto_checkpoint_threshold.bytes;
  };
  CHECK(threshold("50") == 50 * 1048576);
  CHECK(threshold("\"64MB\"") == 64 * 1048576);
  CHECK(threshold("\"1GB\"") == 1024 * 1048576);
}

TEST_CASE("the guide's sample configuration is understood", "[settings]") {
  configuration config;
  config.file(R"([cluster]
storage_backend = "sqlite"
data_dir = "/var/lib/aspen/node-1"
sqlite_sm_path = "/var/lib/aspen/node-1/state-machine.db"
lmdb_log_path = "/var/lib/aspen/node-1/raft-log.lmdb"
)");
  auto paths = store_paths_of(config.load().values);
  CHECK(paths.backend == storage::backend::sqlite);
  CHECK(paths.state_path == "/var/lib/aspen/node-1/state-machine.db");
  CHECK(paths.log_path == "/var/lib/aspen/node-1/raft-log.lmdb");
}

TEST_CASE("the summary counts where values came from", "[settings]") {
  configuration config;
  config.file("[cluster]\nnode_id = 2\n").variable("ASPEN_DATA_DIR", "/d");
  CHECK_THAT(config.load().summary(),
             matchers::StartsWith("1 from the environment, 1 from " + config.path()));
}
