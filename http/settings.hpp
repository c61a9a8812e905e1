// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "trace/recorder.hpp"

namespace http {

/// What is linked in, for `/version`, `/health` and `aspen_build_info`. The node fills
/// it in; the versions of Aspen and of the HTTP library are known here.
struct library_versions {
  std::string caf;
  std::string sqlite;
  bool sqlite_has_wal_reset_bug = false; ///< the linked version, not our use of it
  std::string lmdb;
};

/// Bounds of one listener. Beyond any of them a client gets 429 or 503 with
/// `Retry-After`, and its connection is closed.
struct listener_limits {
  std::size_t connections_max = 8192;
  std::size_t requests_in_flight_max = 4096;                   ///< each holds a stack
  std::size_t memory_bytes_max = 256 * base::limits::mebibyte; ///< bodies and answers
};

/// How long a client may take. All are checked by the worker's timer.
struct listener_times {
  /// From the first byte of a request to the end of what it asks for. A sender that is
  /// slower gets 408; an actor that is slower makes it 504.
  std::chrono::milliseconds request{10'000};
  std::chrono::milliseconds long_request{120'000}; ///< checkpoints, which wait for the disk
  std::chrono::milliseconds backup{3'600'000};     ///< until the copy of the whole state is made
  std::chrono::milliseconds send{30'000};          ///< between two bytes a client takes
  std::chrono::milliseconds idle{120'000};         ///< a connection without a request
  std::chrono::milliseconds linger{2'000};         ///< a refused body is thrown away for so long
};

/// The filter of the process's log, for `/admin/log-level`. Any thread.
struct log_control {
  std::function<std::string()> in_force;
  std::function<std::string()> configured;
  std::function<base::status(std::string_view)> set; ///< `invalid`: the filter's grammar
  std::function<void()> reset;                       ///< to the configured one
};

/// What the node tells its HTTP side. Checked values; this layer reads no configuration.
struct settings {
  std::string http_addr = "127.0.0.1:8080"; ///< "host:port"; port 0: any free one
  std::string admin_addr = "127.0.0.1:8081";
  std::size_t workers = 0; ///< of the data listener; 0: one a core
  listener_limits data_limits;
  listener_limits admin_limits{256, 256, 64 * base::limits::mebibyte};
  listener_times times;

  /// Names a `Host` header may hold besides IP literals, `localhost` and the machine's name.
  std::vector<std::string> allowed_hosts;

  std::uint64_t node_id = 1;
  library_versions versions;

  /// Nothing is kept on a disk: `storage_backend = "inmemory"`.
  bool is_in_memory = false;
  /// A path on each file system whose space matters: the data directory, the directories
  /// of both stores. Equal file systems are counted once.
  std::vector<std::string> disk_paths;
  /// Why the node takes no writes for want of space, or nothing. Any thread; must not block
  /// for long. Empty: the disk is not looked after.
  std::function<std::string()> space_trouble;
  /// SQLite's `-wal` file; empty for a backend without one. Only ever looked at by `stat`.
  std::string wal_path;

  std::shared_ptr<trace::recorder> recorder; ///< null: nothing is recorded
  std::chrono::milliseconds slow_request{0}; ///< at the start; zero: no request is slow
  /// A request took longer than that. A worker's thread; must not block.
  std::function<void()> on_slow_request;
  log_control log;             ///< empty: 501
  std::string trace_directory; ///< of its dumps; empty: none are kept
  /// The health got worse than it was a second ago: what it is now, and what says so. The monitor's
  /// thread; must not block. Not called for a node that starts or drains.
  std::function<void(std::string_view status, const std::string& why)> on_worse_health;
};

} // namespace http
