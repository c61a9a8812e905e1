// SPDX-License-Identifier: Apache-2.0
#define CATCH_CONFIG_RUNNER // version 2 only: this file carries its implementation
#include "tests/support/catch.hpp"

int main(int argc, char** argv) {
  Catch::Session session;
  if (const int status = session.applyCommandLine(argc, argv); status != 0)
    return status;
#ifdef CATCH_VERSION_MAJOR
#if CATCH_VERSION_MAJOR == 2
  // A run that finds no test is a failure; version 3 takes it for one by itself.
  auto& warnings = session.configData().warnings;
  warnings = static_cast<Catch::WarnAbout::What>(warnings | Catch::WarnAbout::NoTests);
#endif
#endif
  return session.run();
}
