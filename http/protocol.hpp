// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

namespace http {

class exchange;

/// Gives requests to cpp-httplib and takes its answers: the one file that knows that
/// library. It sees a head of ours, with a fixed target and a checked length, never a
/// byte of the client's head: its router's regular expressions and its lenient header
/// parser have nothing to work on (INV-112). One a worker, used by that thread only.
class protocol {
public:
  /// `running` names the exchange whose fiber runs now.
  explicit protocol(std::function<exchange&()> running);
  ~protocol();
  protocol(const protocol&) = delete;
  protocol& operator=(const protocol&) = delete;

  /// Answers `what` into its output; on its fiber. False when there is no answer to be sent.
  bool serve(exchange& what);

  /// The library's version, as it was compiled against.
  static const char* library_version();

private:
  class server;
  std::unique_ptr<server> server_;
};

} // namespace http
