// SPDX-License-Identifier: Apache-2.0
#include "node/trace_inspector.hpp"

#include <mutex>
#include <vector>

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "tests/support/catch.hpp"
#include "trace/note.hpp"

using namespace std::chrono_literals;

namespace {

struct inspected_node {
  std::shared_ptr<trace::recorder> recorder;
  prometheus::Registry registry;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> told;

  inspected_node() {
    auto memory = trace::ring_memory::in_memory(trace::ring_file_bytes_min);
    REQUIRE(memory);
    recorder = std::make_shared<trace::recorder>(std::move(*memory),
                                                 trace::process_identity{1, base::random_uuid()});
  }

  void checkpoint_of(const char* actor) {
    trace::work running(recorder.get(), recorder->id_of(actor), "checkpoint");
  }
  void take(std::string_view rule) {
    std::lock_guard guard(mutex);
    told.emplace_back(rule);
    changed.notify_all();
  }
  void wait_for_told(std::size_t count) {
    std::unique_lock guard(mutex);
    REQUIRE(changed.wait_for(guard, 60s, [&] { return told.size() >= count; }));
  }
  bool counts(const std::string& line) {
    return prometheus::TextSerializer().Serialize(registry.Collect()).find(line)
           != std::string::npos;
  }
};

} // namespace

TEST_CASE("a violation is told once, and counted", "[trace][INV-149]") {
  inspected_node node;
  {
    node::trace_inspector inspector(node.recorder, 5ms, node.registry, 1,
                                    [&](std::string_view rule) { node.take(rule); });
    node.checkpoint_of("storage_writer");
    node.checkpoint_of("inspector");
    node.wait_for_told(1);
    node.checkpoint_of("backup_maker"); // the looks go on, over the same events too
    node.wait_for_told(2);
  }
  CHECK(node.told == std::vector<std::string>{"checkpoint", "checkpoint"});
  CHECK(node.counts(R"(aspen_trace_violations_total{node_id="1",rule="checkpoint"} 2)"));
  CHECK(node.counts(R"(aspen_trace_violations_total{node_id="1",rule="leader"} 0)"));
}
