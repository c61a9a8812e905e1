// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/aspenctl/exit_status.hpp"
#include "tools/aspenctl/printer.hpp"

namespace aspenctl {

struct certs_options {
  std::string directory;
  std::vector<std::string> ids;   ///< of the servers, as typed
  std::vector<std::string> hosts; ///< names and addresses that go into every certificate
  std::string name = "aspen";     ///< of the authority
  int days = 3650;
};

/// Makes a private authority in `directory` (`ca.pem`, `ca-key.pem`), unless there is one, and for each
/// server `node-<id>.pem` and `node-<id>-key.pem`. Asks nobody. No file is ever replaced: what exists
/// already is a failure, and nothing is made then.
outcome<void> certs_init(output_format format, const certs_options& options);

} // namespace aspenctl
