// SPDX-License-Identifier: Apache-2.0
#include "bench/figure.hpp"

#include <algorithm>
#include <iostream>

namespace bench {

double median(std::vector<double> samples) {
  if (samples.empty())
    return 0;
  std::sort(samples.begin(), samples.end());
  auto middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

void progress(const std::string& doing) {
  std::cerr << doing << '\n' << std::flush;
}

} // namespace bench
