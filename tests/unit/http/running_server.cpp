// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/http/running_server.hpp"

#include <stdexcept>

void running_server::begin() {
  gateway.publish_running();
  if (auto started = server_.start(); !started)
    throw std::runtime_error(started.error().text);
}
