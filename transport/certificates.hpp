// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "raft/types.hpp"

struct x509_st;

/// A private authority for one cluster, and certificates for its servers. Whoever holds the
/// authority's key can add servers: keep it off the nodes. Any thread.
namespace transport {

/// Where the authority is kept: `ca.pem` goes to every node, `ca-key.pem` to none.
struct authority_files {
  std::filesystem::path certificate;
  std::filesystem::path key;

  static authority_files in(const std::filesystem::path& directory) {
    return {directory / "ca.pem", directory / "ca-key.pem"};
  }
};

/// Makes a key (P-256) and a self-signed certificate that may sign servers and nothing else,
/// valid for `days`. Both files are created with mode 0600, synced, and never replaced.
/// Errors: `invalid` when one of them exists or `days` is not 1 to 36500; `io`.
base::status make_authority(const authority_files& files, const std::string& name, int days);

/// What a server's certificate says.
struct node_certificate {
  raft::server_id id;             ///< becomes the name `aspen-node-<id>`, which peers check
  std::vector<std::string> hosts; ///< names and IP addresses it is also reached by
  int days = 3650;
};

/// Makes a key (P-256) and a certificate for both roles of TLS, signed by the authority. It
/// ends with the authority's at the latest. Files as `make_authority`.
/// Errors: as there; `invalid` for a host that is neither a name nor an address, and for an
/// authority that cannot be read or whose key does not fit.
base::status make_node_certificate(const authority_files& authority, const node_certificate& what,
                                   const std::filesystem::path& certificate,
                                   const std::filesystem::path& key);

/// What stands in a certificate file, for listings and warnings about its end.
struct certificate_summary {
  std::string subject;
  std::vector<std::string> names; ///< DNS names and IP addresses
  std::int64_t not_before = 0;    ///< Unix seconds
  std::int64_t not_after = 0;
};

/// The first certificate of the file. Errors: `not_found`, `invalid`.
base::result<certificate_summary> read_certificate(const std::filesystem::path& file);

/// DNS names and IP addresses of a certificate.
std::vector<std::string> names_of(const x509_st& certificate);
/// Unix seconds.
std::int64_t not_after_of(const x509_st& certificate);

} // namespace transport
