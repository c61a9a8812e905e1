// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/family_builder.hpp"

namespace http {

/// `process_*`, as every Prometheus client library names them, from `/proc/self`.
void add_process_families(family_builder& into);

} // namespace http
