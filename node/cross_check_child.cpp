// SPDX-License-Identifier: Apache-2.0
#include "node/cross_check_child.hpp"

#include <signal.h>
#include <sys/prctl.h>

#include <cstdio>

#include "node/cross_check_request.hpp"
#include "node/exit_status.hpp"
#include "node/signals.hpp"

namespace node {

int run_cross_check_child(std::string_view request) {
  unblock_signals();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto what = cross_check_request_from_json(request);
  if (!what) {
    std::fputs("aspen-node: --cross-check-child: no request\n", stderr);
    return exit_status::usage;
  }
  auto answer = storage::to_json(storage::cross_check(what->paths, what->options));
  bool is_written = std::fwrite(answer.data(), 1, answer.size(), stdout) == answer.size()
                    && std::fflush(stdout) == 0;
  return is_written ? exit_status::stopped : exit_status::failed;
}

} // namespace node
