// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include "tools/aspenctl/command_line.hpp"
#include "tools/aspenctl/printer.hpp"

int main(int count, char** arguments) {
  using aspenctl::exit_status;
  auto status = exit_status::done;
  try {
    auto ended = aspenctl::run(count, arguments);
    if (!ended) {
      std::fprintf(stderr, "aspenctl: %s\n", ended.error().text.c_str());
      status = ended.error().status;
    }
  } catch (const std::exception& broken) {
    std::fprintf(stderr, "aspenctl: %s\n", broken.what());
    status = exit_status::failed;
  }
  if (!aspenctl::finish_output() && status == exit_status::done) {
    std::perror("aspenctl: cannot write to stdout");
    status = exit_status::failed;
  }
  return static_cast<int>(status);
}
