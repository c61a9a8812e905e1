// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <functional>

#include "base/log.hpp"
#include "tools/aspen-debug-storage/command_line.hpp"
#include "tools/aspen-debug-storage/isolation.hpp"
#include "tools/common/printer.hpp"

namespace {

using debug_storage::exit_status;

int say(exit_status status, const std::string& text) {
  std::fprintf(stderr, "aspen-debug-storage: %s\n", text.c_str());
  return static_cast<int>(status);
}

/// Does the work and ends its output.
int finish(const std::function<debug_storage::outcome()>& work) {
  int status = static_cast<int>(exit_status::failed);
  try {
    auto ended = work();
    status = ended ? static_cast<int>(*ended)
                   : say(debug_storage::status_of(ended.error().code), ended.error().text);
  } catch (const std::exception& broken) {
    status = say(exit_status::failed, broken.what());
  }
  if (!tools::finish_output()) {
    std::perror("aspen-debug-storage: cannot write to stdout");
    return static_cast<int>(exit_status::failed);
  }
  return status;
}

} // namespace

int main(int count, char** arguments) {
  auto asked = debug_storage::read_arguments(count, arguments);
  if (!asked)
    return say(exit_status::usage,
               asked.error().text + "\nRun aspen-debug-storage --help for usage.");
  if (!tools::finish_output())
    return say(exit_status::failed, "cannot write to stdout");
  return debug_storage::run_isolated([&] { return finish(asked->work); },
                                     [&](const std::string& signal) {
                                       if (asked->on_crash)
                                         return finish([&] { return asked->on_crash(signal); });
                                       return say(exit_status::failed,
                                                  "the file is damaged: reading it ended with "
                                                      + signal + "; 'check DIR' says more");
                                     });
}
