// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "raft/types.hpp"

namespace actors {

/// The instruments the actors observe while they work. Values that an actor merely
/// has (sizes, indexes) are read from the status board at the scrape instead.
/// Thread-safe; made once, before any actor, and outlives them.
struct node_metrics {
  explicit node_metrics(raft::server_id self);

  std::shared_ptr<prometheus::Registry> registry;

  /// The operations guide's names; bounds include the guide's by value.
  prometheus::Histogram& sqlite_write_latency_seconds; ///< one apply transaction
  prometheus::Histogram& sqlite_read_latency_seconds;  ///< one query by a reader
  prometheus::Histogram& sqlite_checkpoint_duration_seconds;
  prometheus::Counter& sqlite_checkpoint_pages_total;
  prometheus::Counter& sqlite_checkpoints_total;
  prometheus::Histogram& sqlite_pool_wait_seconds; ///< queued before a reader took it

  prometheus::Histogram& log_sync_duration_seconds; ///< one persist transaction
  prometheus::Histogram& apply_batch_entries;
  prometheus::Histogram& persist_batch_entries;
  prometheus::Histogram& commit_duration_seconds; ///< proposal accepted → committed
};

} // namespace actors
