// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_run.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <exception>
#include <vector>

namespace tests {

namespace {

constexpr int lines_max = 5;

struct child {
  pid_t process = -1;
  int output = -1;
};

void write_all(int file, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    auto count = ::write(file, text.data() + done, text.size() - done);
    if (count <= 0)
      return;
    done += static_cast<std::size_t>(count);
  }
}

child start(const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0)
    return {};
  auto process = ::fork();
  if (process == 0) {
    for (int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL})
      ::signal(number, SIG_DFL); // the test program's own would tell the world
    ::close(ends[0]);
    std::string answer;
    try {
      answer = work();
    } catch (const std::exception& failure) {
      answer = std::string("died: ") + failure.what();
    } catch (...) {
      answer = "died: a requirement failed";
    }
    write_all(ends[1], answer);
    ::_exit(0);
  }
  ::close(ends[1]);
  return {process, ends[0]};
}

std::string await(const child& one) {
  if (one.process < 0)
    return "died: it could not be started";
  std::string answer;
  std::array<char, 4096> buffer{};
  for (;;) {
    auto count = ::read(one.output, buffer.data(), buffer.size());
    if (count <= 0)
      break;
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(one.output);
  int status = 0;
  ::waitpid(one.process, &status, 0);
  if (WIFSIGNALED(status))
    return "died: signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status))
           + ")";
  return answer;
}

} // namespace

std::string run_in_child(const std::function<std::string()>& work) {
  return await(start(work));
}

std::string run_side_by_side(std::size_t count, std::size_t processes,
                             const std::function<std::string(std::size_t)>& work) {
  std::vector<child> all;
  for (std::size_t first = 0; first < processes; ++first)
    all.push_back(start([&, first] {
      std::string said;
      int lines = 0;
      for (auto i = first; i < count && lines < lines_max; i += processes)
        if (auto one = run_in_child([&] { return work(i); }); !one.empty()) {
          said += std::to_string(i) + ": " + one + "\n";
          ++lines;
        }
      return said;
    }));
  std::string said;
  for (const auto& one : all)
    said += await(one);
  return said;
}

} // namespace tests
