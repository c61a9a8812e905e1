// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <asio/ssl/context.hpp>

#include "base/result.hpp"
#include "raft/types.hpp"
#include "transport/settings.hpp"

/// What TLS between servers means here: version 1.2 at least, both sides show a certificate
/// the cluster's own authority signed, and it names the server that presents it (INV-137).
namespace transport {

/// The name a server's certificate carries: "aspen-node-<id>".
std::string certificate_name(raft::server_id id);

class tls_context {
public:
  /// Reads the three files and tries them: the key fits the certificate, the authority
  /// signed it for both roles, it is valid now, and it names `self`. What peers would
  /// refuse is refused here, naming the file.
  /// Errors: `not_found`, `invalid`.
  static base::result<std::shared_ptr<tls_context>> load(const tls_files& files,
                                                         raft::server_id self);

  asio::ssl::context& context() { return context_; }
  /// Unix seconds.
  std::int64_t not_after() const { return not_after_; }

private:
  tls_context();
  base::status read(const tls_files& files);
  base::status try_out(const tls_files& files, raft::server_id self);

  asio::ssl::context context_;
  std::int64_t not_after_ = 0;
};

/// Whether the certificate the other end of a finished TLS handshake showed names `id`.
/// Errors: `invalid`, with the names it carries.
base::status check_certificate_name(SSL* connection, raft::server_id id);

/// A failed handshake or read, as a sentence: whose certificate was refused, and why.
std::string explain_tls_error(const std::error_code& error, SSL* connection);

} // namespace transport
