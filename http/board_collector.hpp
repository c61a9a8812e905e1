// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <prometheus/metric_family.h>

#include "http/site.hpp"

namespace http {

/// The families whose values somebody merely has: read from the status board, the actors'
/// counters, the disk and the process at the moment of the scrape. Every family and series
/// without a label of its own is there from the first scrape, zero until it is known.
std::vector<prometheus::MetricFamily> collect_board(site& at);

} // namespace http
