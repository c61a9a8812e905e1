// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "base/limits.hpp"
#include "transport/identity.hpp"

namespace transport {

/// PEM files. All three are read at start and at `links::reload`.
struct tls_files {
  std::filesystem::path authority;   ///< the cluster's own CA: whatever it signed is trusted
  std::filesystem::path certificate; ///< this server's, with the name `aspen-node-<id>`
  std::filesystem::path key;         ///< its private key, unencrypted
};

/// Times of the peer port. The defaults fit a cluster in one site; each is positive.
struct timing {
  std::chrono::milliseconds connect_timeout{2000};
  /// From the accepted or connected socket to the end of the handshake, TLS included.
  std::chrono::milliseconds handshake_timeout{5000};
  std::chrono::milliseconds ping_interval{500};
  /// A peer that sends nothing for so long is frozen or cut off: the link is ended and
  /// dialled anew.
  std::chrono::milliseconds silence_max{5000};
  /// The wait before another try doubles from the one to the other, with jitter.
  std::chrono::milliseconds back_off_min{100};
  std::chrono::milliseconds back_off_max{5000};
  /// The lower id dials. The higher one does so only after this long without a link: a
  /// server that joins may know addresses that nobody knows of it.
  std::chrono::milliseconds fallback_dial_after{3000};
  /// The pause of the listener when descriptors ran out.
  std::chrono::milliseconds accept_pause{500};
};

struct settings {
  identity self;
  std::string listen;           ///< "host:port"; a literal address or "localhost"; port 0: any
  std::optional<tls_files> tls; ///< nothing: plain TCP, and loopback only (INV-136)
  std::string program_version;  ///< told to peers, at most 64 bytes
  std::string http_addr;        ///< "host:port" for clients, told to peers; at most 300 bytes
  timing times;
  /// What may wait for one peer beside the socket's own buffer (INV-134). More than the
  /// core has in flight to one peer, so that a healthy link never meets it.
  std::size_t outbound_bytes_max = 16 * base::limits::mebibyte;
};

} // namespace transport
