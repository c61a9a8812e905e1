// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trace/recording.hpp"

/// Which traces of a recording are worth sending elsewhere. Pure.
namespace trace {

/// Which part of all traces is taken: one in `one_in`, by the trace's id, as a consistent sampler
/// of OpenTelemetry does (https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/),
/// so that every node takes the same ones. Of those at most `limit`, again the same ones where
/// nodes see the same.
struct sample {
  std::uint64_t one_in = 1; ///< not zero
  std::size_t limit = 0;
};

struct settled_traces {
  std::vector<base::uuid> taken;
  std::size_t left_out = 0; ///< beyond the limit; not those that were not sampled
};

/// The traces that came to rest from `from_ns` to before `until_ns` (steady clock): nothing is
/// recorded of them later, and each request of them that began has ended.
settled_traces find_settled(const recording& what, std::uint64_t from_ns, std::uint64_t until_ns,
                            const sample& which);

} // namespace trace
