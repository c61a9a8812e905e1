// SPDX-License-Identifier: Apache-2.0
#include "http/descriptors.hpp"

#include <algorithm>

#include <sys/resource.h>

namespace http {

std::size_t raise_descriptor_bound() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return 1024;
  auto raised = limit;
  raised.rlim_cur = raised.rlim_max;
  if (limit.rlim_cur < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0)
    limit = raised;
  return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t connections_within(std::size_t bound, std::size_t wanted, std::size_t others) {
  constexpr std::size_t at_least = 16;
  auto kept = descriptors_reserved + others;
  auto room = bound > kept ? bound - kept : 0;
  return std::min(wanted, std::max(room, at_least));
}

} // namespace http
