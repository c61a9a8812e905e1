// SPDX-License-Identifier: Apache-2.0
#include "node/dump_writer.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

struct recorded_node {
  tests::temp_dir directory{"trace"};
  trace::dump_store store{directory / "trace", 8};
  std::shared_ptr<trace::recorder> recorder;

  recorded_node() {
    auto ring = store.make_ring(trace::ring_file_bytes_min);
    REQUIRE(ring);
    recorder = std::make_shared<trace::recorder>(std::move(*ring), trace::process_identity{1, {}});
    recorder->record({1, {}, 1, 0, 0, 0, 0, 0, trace::event_kind::handled});
  }

  /// The reasons of the dumps that are there, in alphabetical order.
  std::vector<std::string> reasons() const {
    std::vector<std::string> found;
    for (const auto& each : trace::list_dumps(directory / "trace")) {
      auto reason = each.name.substr(each.name.find('-') + 1);
      found.push_back(reason.substr(0, reason.find('.')));
    }
    std::ranges::sort(found);
    return found;
  }
};

} // namespace

TEST_CASE("what was asked for is dumped, each reason once in a while", "[trace]") {
  recorded_node node;
  {
    node::dump_writer writer(node.recorder, node.store);
    for (int i = 0; i < 5; ++i) {
      writer.ask_for("slow-request");
      writer.ask_for("raft-ended");
    }
  }
  CHECK(node.reasons() == std::vector<std::string>{"raft-ended", "slow-request"});
}

TEST_CASE("a reason counts again after its pause", "[trace]") {
  recorded_node node;
  {
    node::dump_writer writer(node.recorder, node.store, std::chrono::milliseconds(0));
    writer.ask_for("signal");
  }
  {
    node::dump_writer writer(node.recorder, node.store, std::chrono::milliseconds(0));
    writer.ask_for("refused");
    writer.ask_for("circuit-opened");
  }
  CHECK(node.reasons() == std::vector<std::string>{"circuit-opened", "refused", "signal"});
}
