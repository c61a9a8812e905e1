// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string_view>
#include <utility>

#include <asio/io_context.hpp>

#include "transport/admission.hpp"
#include "transport/byte_stream.hpp"
#include "transport/settings.hpp"

namespace transport {

inline constexpr std::string_view log_target = "aspen::transport";

/// What all connections of this server share.
struct node_context {
  explicit node_context(transport::settings with)
    : settings(std::move(with)), io(std::make_shared<asio::io_context>(1)),
      here{settings.self, {}} {}

  const transport::settings settings;
  const std::shared_ptr<asio::io_context> io;

  // I/O thread only.
  admission here;
  bool is_stopping = false;
  std::mt19937_64 chance{std::random_device{}()};
  /// Whether a look-up of the server's name still hangs: one at most for each.
  std::map<raft::server_id, std::shared_ptr<std::atomic<bool>>> look_ups;

  // Any thread: the counts of `links::totals`.
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> bad_frames{0};
  std::atomic<std::uint64_t> strangers_dropped{0};
  std::atomic<std::uint64_t> accept_pauses{0};

  std::shared_ptr<tls_context> tls() const {
    std::lock_guard lock(tls_mutex_);
    return tls_;
  }
  void set_tls(std::shared_ptr<tls_context> fresh) {
    std::lock_guard lock(tls_mutex_);
    tls_ = std::move(fresh);
  }

  /// A stream over `socket`: TLS when this server has certificates, plain else.
  std::unique_ptr<byte_stream> make_stream(asio::ip::tcp::socket socket) const {
    if (auto context = tls())
      return make_tls_stream(std::move(socket), std::move(context));
    return make_plain_stream(std::move(socket));
  }

private:
  mutable std::mutex tls_mutex_;
  std::shared_ptr<tls_context> tls_;
};

} // namespace transport
