// SPDX-License-Identifier: Apache-2.0
#include "supervisor/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace supervisor;
using namespace std::chrono_literals;

namespace {

/// Runs /bin/sh scripts within generous limits.
struct shell {
  process_limits limits;
  std::atomic<bool> is_cancelled{false};

  process_outcome run(const std::string& script) {
    return run_process("/bin/sh", {"-c", script}, limits, is_cancelled);
  }
};

bool exists(pid_t process) {
  return ::kill(process, 0) == 0;
}

template <class Condition>
bool becomes_true(Condition&& condition) {
  for (int i = 0; i < 1000; ++i, std::this_thread::sleep_for(10ms))
    if (condition())
      return true;
  return false;
}

} // namespace

TEST_CASE("what a process prints and its status are returned") {
  auto outcome = shell().run("echo one; echo two >&2; echo three; exit 7");
  CHECK(outcome.how == process_end::exited);
  CHECK(outcome.status == 7);
  CHECK(outcome.output == "one\nthree\n");
}

TEST_CASE("arguments arrive as they are") {
  std::atomic<bool> never{false};
  auto outcome =
      run_process("/bin/sh", {"-c", "printf '%s|' \"$@\"", "sh", "a b", "", "\"c'"}, {}, never);
  CHECK(outcome.output == "a b||\"c'|");
}

TEST_CASE("a process that is ended by a signal is told from one that exits") {
  auto outcome = shell().run("kill -SEGV $$");
  CHECK(outcome.how == process_end::signalled);
  CHECK(outcome.status == SIGSEGV);
}

TEST_CASE("a process that does not end in time is killed with what it started") {
  tests::temp_dir dir;
  shell sh;
  sh.limits.time_max = 300ms;
  auto outcome = sh.run("sleep 1000 & echo $! > " + (dir / "pid").string() + "; sleep 1000");
  CHECK(outcome.how == process_end::timed_out);
  pid_t started = 0;
  std::ifstream(dir / "pid") >> started;
  REQUIRE(started > 0);
  CHECK(becomes_true([&] { return !exists(started); }));
}

TEST_CASE("a process that closes its stdout and stays is killed in time too") {
  shell sh;
  sh.limits.time_max = 300ms;
  auto outcome = sh.run("echo done; exec 1>&-; sleep 1000");
  CHECK(outcome.how == process_end::timed_out);
  CHECK(outcome.output == "done\n");
}

TEST_CASE("output is read up to its bound, and a process that prints more is killed") {
  shell sh;
  sh.limits.output_bytes_max = 100000;
  auto outcome = sh.run("yes 0123456789");
  CHECK(outcome.how == process_end::too_much_output);
  CHECK(outcome.output.size() == 100000);
  CHECK(sh.run("head -c 100000 /dev/zero").how == process_end::exited);
  CHECK(sh.run("head -c 100001 /dev/zero").how == process_end::too_much_output);
}

TEST_CASE("a process is killed when its asker cancels") {
  shell sh;
  std::thread asker([&] {
    std::this_thread::sleep_for(50ms);
    sh.is_cancelled = true;
  });
  auto outcome = sh.run("sleep 1000");
  asker.join();
  CHECK(outcome.how == process_end::cancelled);
}

TEST_CASE("a program that does not exist is not started") {
  std::atomic<bool> never{false};
  auto outcome = run_process("/nonexistent/program", {}, {}, never);
  CHECK(outcome.how == process_end::not_started);
  CHECK(outcome.status == ENOENT);
}

TEST_CASE("a process gets an empty stdin and none of our descriptors") {
  int leaked = ::open("/dev/null", O_RDONLY); // without O_CLOEXEC, as a library may do
  REQUIRE(leaked >= 0);
  auto outcome = shell().run("cat; ls /proc/self/fd | tr '\\n' ' '");
  ::close(leaked);
  CHECK(outcome.output == "0 1 2 3 "); // 3 is the listing itself
}

TEST_CASE("a process starts with no blocked signal, no ignored one, and a group of its own") {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
  auto disposition = ::signal(SIGUSR1, SIG_IGN);
  auto outcome =
      shell().run("while read -r name value; do case $name in SigBlk:|SigIgn:) echo $value;; "
                  "esac; done < /proc/self/status; cut -d' ' -f5 /proc/$$/stat");
  ::signal(SIGUSR1, disposition);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::istringstream answer(outcome.output);
  std::uint64_t blocked = 1;
  std::uint64_t ignored = 1;
  pid_t group = 0;
  answer >> std::hex >> blocked >> ignored >> std::dec >> group;
  CHECK(blocked == 0);
  CHECK((ignored & 0x7fffffff) == 0); // signals 32 and 33 belong to the C library
  CHECK(group > 0);
  CHECK(group != ::getpgrp());
}

TEST_CASE("no process is left behind as a zombie") {
  shell sh;
  sh.limits.time_max = 100ms;
  sh.run("exit 0");
  sh.run("sleep 1000");
  int status = 0;
  CHECK(::waitpid(-1, &status, 0) == -1);
  CHECK(errno == ECHILD);
}
