// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>

#include "node/setting_keys.hpp"
#include "trace/ring_layout.hpp"

namespace node {

namespace {

constexpr std::uint64_t integer_most = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t mebibyte = 1ULL << 20;
constexpr std::uint64_t gibibyte = 1ULL << 30;
constexpr std::uint64_t second = 1000; // in milliseconds
constexpr std::uint64_t minute = 60 * second;
constexpr std::uint64_t hour = 60 * minute;

// A member of `settings`, by its path. The lambda has no capture, so it is a plain function.
#define MEMBER(type, path) member_of<type>([](settings& s) -> type& { return s.path; })
#define CHOICE(type, path)                                                                         \
  choice_member {                                                                                  \
    [](const settings& s) { return static_cast<std::size_t>(s.path); },                            \
        [](settings& s, std::size_t index) { s.path = static_cast<type>(index); }                  \
  }

using milliseconds = std::chrono::milliseconds;
using text = std::string;
using text_list = std::vector<std::string>;
using number = std::uint64_t;
using window = std::optional<daily_window>;

base::status check_filter(std::string_view value) {
  auto parsed = base::log::filter::parse(value);
  return parsed ? base::status{} : base::fail(parsed.error());
}

base::status check_member(std::string_view value) {
  auto parsed = parse_member(value);
  return parsed ? base::status{} : base::fail(parsed.error());
}

base::status check_http_address(std::string_view value) {
  if (value.empty())
    return {};
  auto parsed = parse_endpoint(value);
  return parsed ? base::status{} : base::fail(parsed.error());
}

base::status check_host(std::string_view value) {
  bool is_good = !value.empty() && value.find_first_of(" /\t") == std::string_view::npos
                 && (value.front() == '[' || value.find(':') == std::string_view::npos);
  return is_good ? base::status{}
                 : base::fail(base::errc::invalid, "\"" + std::string(value)
                                                       + "\" is no host name: write it without "
                                                         "scheme and port");
}

base::status check_collector_url(std::string_view value) {
  if (value.empty())
    return {};
  auto parsed = parse_http_url(value);
  return parsed ? base::status{} : base::fail(parsed.error());
}

base::status check_not_empty(std::string_view value) {
  return value.empty() ? base::fail(base::errc::invalid, "a path must not be empty")
                       : base::status{};
}

const std::vector<key_spec>& table() {
  // clang-format off
  static const std::vector<key_spec> keys{
      {"cluster", "node_id", MEMBER(number, cluster.node_id), "1", {1, integer_most},
       "The number of this node, its own among all nodes that ever were in the cluster. A data "
       "directory belongs to one node id.", {}},
      {"cluster", "data_dir", MEMBER(text, cluster.data_dir), "./data/node-{node_id}", {},
       "Where this node keeps everything; created with mode 0700. A local file system: NFS and "
       "CIFS are refused.", {}, check_not_empty},
      {"cluster", "storage_backend", CHOICE(storage::backend, cluster.storage_backend), "sqlite", {},
       "sqlite: log in LMDB, state in SQLite. lmdb: both in LMDB. inmemory: nothing survives the"
       " process; for tests.", {"sqlite", "lmdb", "inmemory"}},
      {"cluster", "sqlite_sm_path", MEMBER(text, cluster.sqlite_sm_path), "{data_dir}/state-machine.db", {},
       "The state machine's database file, with storage_backend = \"sqlite\".", {}, check_not_empty},
      {"cluster", "lmdb_log_path", MEMBER(text, cluster.lmdb_log_path), "{data_dir}/raft-log.lmdb", {},
       "The Raft log's file.", {}, check_not_empty},
      {"cluster", "lmdb_sm_path", MEMBER(text, cluster.lmdb_sm_path), "{data_dir}/state-machine.lmdb", {},
       "The state machine's file, with storage_backend = \"lmdb\".", {}, check_not_empty},
      {"cluster", "lmdb_map_size", MEMBER(byte_size, cluster.lmdb_map_size), "64GB", {64 * mebibyte, 16384 * gibibyte},
       "How large an LMDB file may grow, and how much address space it takes. The file itself "
       "takes what it holds.", {}},
      {"cluster", "disk_reserve", MEMBER(byte_size, cluster.disk_reserve), "32MB", {0, 16 * gibibyte},
       "Space that is kept in data_dir until the disk is full, for checkpoints and compaction; at "
       "most an eighth of the file system. 0: none.", {}},
      {"cluster", "sqlite_auto_checkpoint_threshold_mb", MEMBER(byte_size, cluster.sqlite_auto_checkpoint_threshold), "100", {mebibyte, 1024 * gibibyte},
       "From this size on the WAL file is checkpointed and cut to zero, at the cost of waiting "
       "for readers.", {}, nullptr, true},
      {"cluster", "sqlite_checkpoint_window", MEMBER(window, cluster.sqlite_checkpoint_window), "", {},
       "Time of day (UTC) in which the WAL is checkpointed and cut to zero once a day, such as "
       "\"02:00-04:00\". Empty: never for this reason.", {}},
      {"cluster", "sqlite_read_pool_size", MEMBER(number, cluster.sqlite_read_pool_size), "10", {1, 128},
       "Readers that answer at the same time, each with a thread and a connection.", {}},
      {"cluster", "http_addr", MEMBER(endpoint, cluster.http_addr), "127.0.0.1:8080", {},
       "Where clients are served. Beyond loopback only with http.behind_proxy.", {}},
      {"cluster", "admin_addr", MEMBER(endpoint, cluster.admin_addr), "127.0.0.1:8081", {},
       "Where probes and operators are served, by threads of its own. Beyond loopback only with "
       "http.behind_proxy.", {}},
      {"cluster", "raft_addr", MEMBER(endpoint, cluster.raft_addr), "127.0.0.1:8082", {},
       "Where other nodes reach this one. Opened only when there are others. Beyond loopback only "
       "with the three files of [security].", {}},
      {"cluster", "initial_members", MEMBER(text_list, cluster.initial_members), "", {},
       "The members that found a cluster together, \"id=host:port\" (their raft_addr), equal on all "
       "of them. They found it once all of them are there. Looked at only while the log is empty.", {}, check_member},
      {"cluster", "join", MEMBER(text, cluster.join), "", {},
       "HTTP address of any node of a cluster to join: this node waits until it is added there. "
       "Looked at only while there is no log.", {}, check_http_address},

      {"raft", "heartbeat_interval", MEMBER(milliseconds, raft.heartbeat_interval), "100ms", {10, 10 * second},
       "How often a leader is heard; also the unit in which the protocol counts time.", {}},
      {"raft", "election_timeout_min", MEMBER(milliseconds, raft.election_timeout_min), "1s", {50, 5 * minute},
       "The shortest silence of a leader after which a follower campaigns.", {}},
      {"raft", "election_timeout_max", MEMBER(milliseconds, raft.election_timeout_max), "2s", {50, 10 * minute},
       "The longest; each wait is drawn between the two.", {}},
      {"raft", "proposals_in_flight_max", MEMBER(number, raft.proposals_in_flight_max), "16384", {1, 1'000'000},
       "Writes proposed and not yet applied; beyond, clients get 429.", {}},
      {"raft", "proposal_bytes_in_flight_max", MEMBER(byte_size, raft.proposal_bytes_in_flight_max), "64MB", {8 * mebibyte, 4 * gibibyte},
       "The same in bytes, which bounds the memory they take.", {}},
      {"raft", "reads_waiting_max", MEMBER(number, raft.reads_waiting_max), "16384", {1, 1'000'000},
       "Reads that wait for their read index or a reader; beyond, clients get 429.", {}},
      {"raft", "log_entries_kept", MEMBER(number, raft.log_entries_kept), "10000", {0, integer_most},
       "Entries below the checkpointed index that the log keeps, so that a follower can catch up"
       " without a snapshot.", {}},
      {"raft", "log_bytes_kept", MEMBER(byte_size, raft.log_bytes_kept), "64MB", {mebibyte, 16384 * gibibyte},
       "The same in bytes: the log keeps whichever is fewer.", {}},
      {"raft", "leases_enabled", MEMBER(bool, raft.leases_enabled), "false", {},
       "Whether a leader that a quorum answered lately answers linearizable reads without asking "
       "again. As safe as the clocks; equal on all nodes, as are the election timeouts and the "
       "drift.", {}},
      {"raft", "clock_drift_percent", MEMBER(number, raft.clock_drift_percent), "10", {1, 50},
       "By how much one node's clock may run faster than another's, with leases_enabled. A "
       "lease is shorter than election_timeout_min by this much and by two heartbeats.", {}},

      {"supervisor", "backoff_initial", MEMBER(milliseconds, supervisor.backoff_initial), "1s", {10, hour},
       "The pause before the first restart; it doubles with each further one.", {}},
      {"supervisor", "backoff_max", MEMBER(milliseconds, supervisor.backoff_max), "16s", {10, hour},
       "The longest pause before a restart.", {}},
      {"supervisor", "restarts_max", MEMBER(number, supervisor.restarts_max), "3", {1, 1000},
       "Restarts within the window; one more opens the circuit.", {}},
      {"supervisor", "restart_window", MEMBER(milliseconds, supervisor.restart_window), "10m", {second, 24 * hour},
       "The time in which restarts are counted.", {}},
      {"supervisor", "circuit_open_time", MEMBER(milliseconds, supervisor.circuit_open_time), "5m", {second, 24 * hour},
       "After this time with the circuit open one restart is tried.", {}},
      {"supervisor", "half_open_time", MEMBER(milliseconds, supervisor.half_open_time), "2m", {second, 24 * hour},
       "Stable running after that trial that closes the circuit.", {}},
      {"supervisor", "stability_time", MEMBER(milliseconds, supervisor.stability_time), "5m", {second, 24 * hour},
       "What ran this long starts its back-off afresh.", {}},
      {"supervisor", "on_refusal", CHOICE(refusal_action, supervisor.on_refusal), "stay", {},
       "When the check of the stores refuses a start: stay and answer /health, or exit with "
       "status 78.", {"stay", "exit"}},
      {"supervisor", "digest_budget", MEMBER(milliseconds, supervisor.digest_budget), "2s", {0, 24 * hour},
       "Time that the check at process start may spend on the digest of all rows; 0ms for none.", {}},
      {"supervisor", "scan_interval", MEMBER(milliseconds, supervisor.scan_interval), "24h", {second, 8760 * hour},
       "Between two comparisons of all that is stored with its digests, beside the service; the first begins at once "
       "unless the check at start compared all rows.", {}},
      {"supervisor", "scan_rate", MEMBER(byte_size, supervisor.scan_rate), "8MB", {65536, 1024 * mebibyte},
       "What that comparison reads in a second at most; a row counts as its bytes and 512.", {}},
      {"supervisor", "hang_time", MEMBER(milliseconds, supervisor.hang_time), "60s", {5 * second, hour},
       "A store's owner that makes no progress for this long is hung; the process ends itself "
       "with status 70.", {}},
      {"supervisor", "shutdown_time", MEMBER(milliseconds, supervisor.shutdown_time), "4s", {100, hour},
       "Time for an orderly stop, from the request to the end.", {}},

      {"http", "behind_proxy", MEMBER(bool, http.behind_proxy), "false", {},
       "A proxy on the way keeps strangers out, so that listeners may bind beyond loopback. TLS "
       "and tokens of our own are not built yet.", {}},
      {"http", "allowed_hosts", MEMBER(text_list, http.allowed_hosts), "", {},
       "Names, without port, that requests may carry in Host, beside IP addresses, localhost and"
       " this machine's name.", {}, check_host, false, false, true},
      {"http", "workers", MEMBER(number, http.workers), "0", {0, 256},
       "Threads that serve http_addr; 0 for one a core.", {}},
      {"http", "connections_max", MEMBER(number, http.connections_max), "8192", {1, 1'000'000},
       "Open client connections; beyond, a new one is refused.", {}},
      {"http", "requests_in_flight_max", MEMBER(number, http.requests_in_flight_max), "4096", {1, 1'000'000},
       "Requests being answered; beyond, clients get 429.", {}},
      {"http", "request_timeout", MEMBER(milliseconds, http.request_timeout), "10s", {100, hour},
       "Time for one request, from its first byte to its answer.", {}},
      {"http", "idle_timeout", MEMBER(milliseconds, http.idle_timeout), "2m", {second, 24 * hour},
       "A connection without a request for this long is closed.", {}},

      {"security", "peer_cert_file", MEMBER(text, security.peer_cert_file), "", {},
       "This node's certificate for the other nodes, PEM, with the name aspen-node-<id>. With a "
       "certificate, nodes speak mutual TLS.", {}},
      {"security", "peer_key_file", MEMBER(text, security.peer_key_file), "", {},
       "Its private key, PEM, not encrypted.", {}},
      {"security", "peer_ca_file", MEMBER(text, security.peer_ca_file), "", {},
       "The cluster's own certificate authority, PEM: whatever it signed is trusted.", {}},

      {"trace", "enabled", MEMBER(bool, trace.enabled), "true", {},
       "Whether the flight recorder runs: the last messages between the actors, in a file that outlives a crash.", {}},
      {"trace", "ring_size", MEMBER(byte_size, trace.ring_size), "16MB", {::trace::ring_file_bytes_min, ::trace::ring_file_bytes_max},
       "That file's size; allocated in full at the start.", {}},
      {"trace", "dumps_kept", MEMBER(number, trace.dumps_kept), "8", {1, 100},
       "So many recordings of earlier moments are kept; the oldest go.", {}},
      {"trace", "slow_request", MEMBER(milliseconds, trace.slow_request), "5s", {0, hour},
       "A request that takes longer has the recording of it kept; 0: none does.", {}, nullptr, false, false, true},
      {"trace", "slow_mailbox", MEMBER(milliseconds, trace.slow_mailbox), "5s", {0, hour},
       "A message that waits longer in an actor's mailbox has the recording of it kept; 0: none does.", {}},
      {"trace", "dump_pause", MEMBER(milliseconds, trace.dump_pause), "1m", {0, hour},
       "The same trigger again within this time keeps no further recording.", {}},
      {"trace", "check_interval", MEMBER(milliseconds, trace.check_interval), "1m", {0, hour},
       "So often a sample of the recording is held against the rules of docs/trace.md; 0: never.", {}},
      {"trace", "record_core", MEMBER(bool, trace.record_core), "false", {},
       "Whether all that goes into the protocol's core is written to trace/*.core, values included, for aspenctl trace replay.", {}},
      {"trace", "record_core_size", MEMBER(byte_size, trace.record_core_size), "64MB", {mebibyte, gibibyte},
       "Of one such file; beyond, nothing more is written until the node starts again. Two are kept.", {}},
      {"trace", "collector_url", MEMBER(text, trace.collector_url), "", {},
       "Where a collector of OpenTelemetry takes traces over HTTP, such as http://127.0.0.1:4318/v1/traces. Empty: none are sent.", {}, check_collector_url},
      {"trace", "collector_one_in", MEMBER(number, trace.collector_one_in), "1", {1, 1'000'000},
       "One of so many traces is sent; all nodes choose the same ones.", {}},
      {"trace", "collector_rate", MEMBER(number, trace.collector_rate), "20", {1, 1000},
       "So many traces a second at most; what is beyond is left out and counted.", {}},

      {"log", "filter", MEMBER(text, log.filter), "info", {},
       "Levels, for all or by target: \"info,aspen::http=debug\". ASPEN_LOG sets it too.", {}, check_filter, false, false, true},
      {"log", "format", CHOICE(base::log::format, log.format), "text", {},
       "One event a line, as text or as JSON.", {"text", "json"}, nullptr, false, false, true},
      {"log", "file", MEMBER(text, log.file), "", {},
       "A file that gets every line beside stderr; created with mode 0600, reopened on SIGHUP. "
       "Empty: none.", {}, nullptr, false, false, true}};
  // clang-format on
  return keys;
}

#undef MEMBER
#undef CHOICE

// What the positions among `choices` mean.
static_assert(static_cast<int>(storage::backend::sqlite) == 0);
static_assert(static_cast<int>(storage::backend::lmdb) == 1);
static_assert(static_cast<int>(storage::backend::inmemory) == 2);
static_assert(static_cast<int>(refusal_action::stay) == 0);
static_assert(static_cast<int>(base::log::format::text) == 0);

} // namespace

std::span<const key_spec> all_keys() {
  return table();
}

std::span<const std::string_view> all_sections() {
  static constexpr std::array<std::string_view, 7> sections{
      "cluster", "raft", "supervisor", "http", "security", "trace", "log"};
  return sections;
}

} // namespace node
