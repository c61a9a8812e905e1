// SPDX-License-Identifier: Apache-2.0
#include "node/flight_recorder.hpp"

#include "base/log.hpp"
#include "trace/dump_store.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::trace";

base::result<trace::ring_memory> make_ring(const settings& all) {
  auto directory = trace_directory_of(all);
  auto bytes = all.trace.ring_size.bytes;
  if (directory.empty())
    return trace::ring_memory::in_memory(bytes);
  auto ring = trace::dump_store(directory, all.trace.dumps_kept).make_ring(bytes);
  if (ring)
    return ring;
  base::log::warn(target, "recording in memory only: a crash of this process leaves no trace",
                  {{"error", ring.error().text}});
  return trace::ring_memory::in_memory(bytes);
}

} // namespace

std::string trace_directory_of(const settings& all) {
  return all.cluster.storage_backend == storage::backend::inmemory
             ? std::string()
             : all.cluster.data_dir + "/trace";
}

std::shared_ptr<trace::recorder> start_recorder(const settings& all) {
  if (!all.trace.enabled)
    return nullptr;
  auto ring = make_ring(all);
  if (!ring) {
    base::log::warn(target, "recording nothing", {{"error", ring.error().text}});
    return nullptr;
  }
  return std::make_shared<trace::recorder>(
      std::move(*ring), trace::process_identity{all.cluster.node_id, base::random_uuid()});
}

std::unique_ptr<dump_writer> start_dump_writer(const settings& all,
                                               std::shared_ptr<const trace::recorder> recorder) {
  if (!recorder)
    return nullptr;
  std::optional<trace::dump_store> store;
  if (auto directory = trace_directory_of(all); !directory.empty())
    store.emplace(directory, all.trace.dumps_kept);
  return std::make_unique<dump_writer>(std::move(recorder), std::move(store), all.trace.dump_pause);
}

std::unique_ptr<trace_inspector> start_trace_inspector(
    const settings& all, std::shared_ptr<const trace::recorder> recorder,
    prometheus::Registry& registry, dump_writer* dumps) {
  if (!recorder || all.trace.check_interval.count() == 0)
    return nullptr;
  auto dump = [dumps](std::string_view rule) {
    if (dumps != nullptr)
      dumps->ask_for("broken-" + std::string(rule), "what was recorded breaks the rule");
  };
  return std::make_unique<trace_inspector>(std::move(recorder), all.trace.check_interval, registry,
                                           all.cluster.node_id, std::move(dump));
}

std::unique_ptr<otlp_exporter> start_otlp_exporter(const settings& all,
                                                   std::shared_ptr<const trace::recorder> recorder,
                                                   prometheus::Registry& registry) {
  if (!recorder || all.trace.collector_url.empty())
    return nullptr;
  otlp_exporter_settings setup;
  setup.url = *parse_http_url(all.trace.collector_url); // checked with the settings
  setup.sample = {all.trace.collector_one_in, all.trace.collector_rate};
  return std::make_unique<otlp_exporter>(std::move(recorder), std::move(setup), registry,
                                         all.cluster.node_id);
}

} // namespace node
