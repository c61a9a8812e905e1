// SPDX-License-Identifier: Apache-2.0
#include "actors/metrics.hpp"

#include <string>

namespace actors {

namespace {

using buckets = prometheus::Histogram::BucketBoundaries;

// From well under one device flush to the seconds of a failing disk.
const buckets latency_bounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                             0.025,   0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};
const buckets size_bounds{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096};

prometheus::Histogram& histogram(prometheus::Registry& registry, const char* name, const char* help,
                                 raft::server_id self, const buckets& bounds) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(
      {{"node_id", std::to_string(self.value)}}, bounds);
}

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help,
                             raft::server_id self) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(
      {{"node_id", std::to_string(self.value)}});
}

} // namespace

node_metrics::node_metrics(raft::server_id self)
  : registry(std::make_shared<prometheus::Registry>()),
    sqlite_write_latency_seconds(histogram(*registry, "sqlite_write_latency_seconds",
                                           "Write operation latency", self, latency_bounds)),
    sqlite_read_latency_seconds(histogram(*registry, "sqlite_read_latency_seconds",
                                          "Read operation latency", self, latency_bounds)),
    sqlite_checkpoint_duration_seconds(histogram(*registry, "sqlite_checkpoint_duration_seconds",
                                                 "WAL checkpoint duration", self, latency_bounds)),
    sqlite_checkpoint_pages_total(counter(*registry, "sqlite_checkpoint_pages_total",
                                          "WAL frames copied into the database file", self)),
    sqlite_checkpoints_total(
        counter(*registry, "sqlite_checkpoints_total", "WAL checkpoints run", self)),
    sqlite_pool_wait_seconds(histogram(*registry, "sqlite_pool_wait_seconds",
                                       "Time a read waited for a reader of the pool", self,
                                       latency_bounds)),
    log_sync_duration_seconds(histogram(*registry, "aspen_log_sync_duration_seconds",
                                        "One durable transaction of the Raft log", self,
                                        latency_bounds)),
    apply_batch_entries(histogram(*registry, "aspen_apply_batch_entries",
                                  "Entries applied in one transaction", self, size_bounds)),
    persist_batch_entries(histogram(*registry, "aspen_persist_batch_entries",
                                    "Entries written to the log in one transaction", self,
                                    size_bounds)),
    commit_duration_seconds(histogram(*registry, "aspen_commit_duration_seconds",
                                      "From accepting a proposal to its commit", self,
                                      latency_bounds)) {}

} // namespace actors
