// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-debug-storage/isolation.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace debug_storage {

namespace {

bool is_own_fault(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT || signal == SIGFPE
         || signal == SIGILL;
}

} // namespace

int run_isolated(const std::function<int()>& work,
                 const std::function<int(const std::string& signal)>& on_crash) {
  auto child = ::fork();
  if (child < 0) {
    std::perror("aspen-debug-storage: fork");
    return EXIT_FAILURE;
  }
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A crash here is expected of damaged files; a core file beside them is not.
    rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::_exit(work());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFSIGNALED(status))
    return WEXITSTATUS(status);
  if (!is_own_fault(WTERMSIG(status)))
    return 128 + WTERMSIG(status);
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return on_crash(std::string("SIG")
                  + (name != nullptr ? name : std::to_string(WTERMSIG(status)).c_str()));
}

} // namespace debug_storage
