// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "actors/node_status.hpp"
#include "base/result.hpp"
#include "node/logging.hpp"
#include "node/settings.hpp"

namespace node {

/// Why a node ended; node/exit_status.hpp has the number of each.
enum class exit_reason {
  stopped, ///< drained, both stores closed
  refused, ///< the gate said no and `supervisor.on_refusal` is `exit`
  hung,    ///< a store's owner made no progress; its threads cannot be waited for
  failed,  ///< it could not go on, and said why in the log
};

/// A running node: listeners, supervisor, actors and stores, wired from settings.
class node {
public:
  /// Locks the data directory, binds the listeners and starts the supervisor; returns
  /// when HTTP answers, while the stores may still be checked and opened. The log is
  /// configured and signals are blocked before this is called.
  /// Errors name the directory, file or port, and nothing of the node is left running:
  /// `locked`, `io`, `busy` (a port), `unsupported` (a network file system).
  /// Requires: `log` outlives the node.
  static base::result<std::unique_ptr<node>> start(const settings& all, log_output& log);

  /// Requires: `wait` returned, unless it said `hung`.
  virtual ~node() = default;

  /// Blocks until the node ended, and says why. One thread, once. After `hung` the
  /// caller ends the process with `_exit`: destructors would wait for what hangs.
  virtual exit_reason wait() = 0;

  /// Begins an orderly stop, as `POST /admin/shutdown` does: no new requests, what is
  /// under way is answered, stores closed, within `supervisor.shutdown_time`. Returns
  /// at once; `wait` returns when it is done. Any thread, any number of times.
  virtual void drain() = 0;

  /// Last words before the caller ends the process with `_exit`: nothing is waited for.
  /// What was acknowledged is durable without it. Any thread.
  virtual void stop_now() = 0;

  /// Reads the certificate files of the peer links again; standing links go on as they
  /// are. On an error, which names the file, the certificates read before stay. Any thread.
  virtual base::status reload_certificates() = 0;

  /// Takes over what may change while it runs (`key_spec::is_reloaded`), but for the log, which is
  /// the caller's. Any thread.
  virtual void change(const settings& next) = 0;

  /// Keeps what the flight recorder holds as a dump, soon. Says in the log why it cannot be.
  /// Any thread; returns at once.
  virtual void dump_trace(std::string_view reason) = 0;

  /// What `/livez` says: false only for what a restart of the process cures. Any thread.
  virtual bool is_live() const = 0;

  /// Where the node stands: `starting` until the stores are open and a leader is known
  /// or the gate refused. Any thread.
  virtual actors::phase phase() const = 0;

  /// One line for the service manager: "leader, term 3, 105 applied", "refused: …". Any thread.
  virtual std::string status_text() const = 0;
};

} // namespace node
