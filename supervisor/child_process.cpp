// SPDX-License-Identifier: Apache-2.0
#include "supervisor/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

namespace supervisor {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds look_every{50};
constexpr milliseconds reap_every{5};
/// A process that sleeps in the kernel outlives its kill; it is not waited for longer.
constexpr milliseconds reap_patience{5000};

class descriptor {
public:
  explicit descriptor(int number = -1) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() { close(); }
  int get() const { return number_; }
  void close() {
    if (number_ >= 0)
      ::close(std::exchange(number_, -1));
  }

private:
  int number_;
};

/// What the child gets: the pipe as stdout, an empty stdin, our stderr, nothing else.
class spawn_plan {
public:
  explicit spawn_plan(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    sigdelset(&signals, SIGKILL);
    sigdelset(&signals, SIGSTOP);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
                                               | POSIX_SPAWN_SETPGROUP);
  }
  spawn_plan(const spawn_plan&) = delete;
  spawn_plan& operator=(const spawn_plan&) = delete;
  ~spawn_plan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }

  /// Zero, or the errno.
  int start(pid_t& child, const std::string& program,
            const std::vector<std::string>& arguments) const {
    std::vector<std::string> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (auto& word : words)
      pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return posix_spawn(&child, program.c_str(), &actions_, &attributes_, pointers.data(), environ);
  }

private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// One running child and what it has written so far.
class running_process {
public:
  running_process(pid_t child, descriptor output, const process_limits& limits,
                  const std::atomic<bool>& is_cancelled)
    : child_(child), output_(std::move(output)), limits_(limits), is_cancelled_(is_cancelled),
      deadline_(clock::now() + limits.time_max) {}

  process_outcome await() {
    auto failed = read_all();
    if (!failed)
      failed = await_end();
    if (failed) {
      ::kill(-child_, SIGKILL);
      deadline_ = clock::now() + reap_patience;
      while (!reap() && clock::now() < deadline_)
        pause(reap_every);
      outcome_.how = *failed;
    }
    return std::move(outcome_);
  }

private:
  /// Until the child closes its stdout, by its end or otherwise.
  std::optional<process_end> read_all() {
    std::array<char, 65536> buffer;
    for (;;) {
      if (auto why = must_end())
        return why;
      pollfd watched{output_.get(), POLLIN, 0};
      if (::poll(&watched, 1, static_cast<int>(look_every.count())) <= 0)
        continue;
      auto count = ::read(output_.get(), buffer.data(), buffer.size());
      if (count == 0)
        return std::nullopt;
      if (count < 0)
        continue;
      auto room = limits_.output_bytes_max - outcome_.output.size();
      outcome_.output.append(buffer.data(), std::min(static_cast<std::size_t>(count), room));
      if (static_cast<std::size_t>(count) > room)
        return process_end::too_much_output;
    }
  }

  std::optional<process_end> await_end() {
    while (!reap()) {
      if (auto why = must_end())
        return why;
      pause(reap_every);
    }
    return std::nullopt;
  }

  std::optional<process_end> must_end() const {
    if (is_cancelled_.load(std::memory_order_relaxed))
      return process_end::cancelled;
    if (clock::now() >= deadline_)
      return process_end::timed_out;
    return std::nullopt;
  }

  bool reap() {
    int status = 0;
    auto ended = ::waitpid(child_, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR))
      return false;
    if (ended < 0) { // somebody else reaped it, or SIGCHLD is ignored: its end is unknown
      outcome_.how = process_end::not_started;
      outcome_.status = errno;
    } else if (WIFSIGNALED(status)) {
      outcome_.how = process_end::signalled;
      outcome_.status = WTERMSIG(status);
    } else {
      outcome_.how = process_end::exited;
      outcome_.status = WEXITSTATUS(status);
    }
    return true;
  }

  static void pause(milliseconds time) { ::poll(nullptr, 0, static_cast<int>(time.count())); }

  pid_t child_;
  descriptor output_;
  process_limits limits_;
  const std::atomic<bool>& is_cancelled_;
  clock::time_point deadline_;
  process_outcome outcome_;
};

} // namespace

process_outcome run_process(const std::string& program, const std::vector<std::string>& arguments,
                            const process_limits& limits, const std::atomic<bool>& is_cancelled) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return {process_end::not_started, errno, {}};
  descriptor output(ends[0]);
  descriptor input(ends[1]);
  pid_t child = 0;
  if (int failed = spawn_plan(input.get()).start(child, program, arguments); failed != 0)
    return {process_end::not_started, failed, {}};
  input.close();
  return running_process(child, std::move(output), limits, is_cancelled).await();
}

} // namespace supervisor
