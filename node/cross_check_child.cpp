// SPDX-License-Identifier: Apache-2.0
#include "node/cross_check_child.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

#include "base/failpoint.hpp"
#include "node/cross_check_request.hpp"
#include "node/exit_status.hpp"
#include "node/signals.hpp"

namespace node {

namespace {

/// What the check may allocate beyond what the process began with.
constexpr rlim_t memory_bytes_max = rlim_t{512} << 20;

rlim_t data_bytes_now() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (rlim_t kibibytes = 0; word == "VmData:" && status >> kibibytes)
      return kibibytes * 1024;
  return 0;
}

/// A damaged store must not take the machine's memory: beyond the bound an allocation fails,
/// and the check ends without a report, which is a refusal. RLIMIT_DATA and not RLIMIT_AS:
/// LMDB's map of the file takes address space, not memory.
void bound_memory() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0)
    return;
  limit.rlim_cur = std::min(limit.rlim_cur, data_bytes_now() + memory_bytes_max);
  ::setrlimit(RLIMIT_DATA, &limit);
}

} // namespace

int run_cross_check_child(std::string_view request) {
  unblock_signals();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  bound_memory();
  auto what = cross_check_request_from_json(request);
  if (!what) {
    std::fputs("aspen-node: --cross-check-child: no request\n", stderr);
    return exit_status::usage;
  }
  ASPEN_FAILPOINT("validator", "check");
  auto answer = storage::to_json(storage::cross_check(what->paths, what->options));
  bool is_written = std::fwrite(answer.data(), 1, answer.size(), stdout) == answer.size()
                    && std::fflush(stdout) == 0;
  return is_written ? exit_status::stopped : exit_status::failed;
}

} // namespace node
