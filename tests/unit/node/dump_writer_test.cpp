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
      writer.ask_for("slow-request", "why");
      writer.ask_for("raft-ended", "why", "raft");
    }
  }
  CHECK(node.reasons() == std::vector<std::string>{"raft-ended", "slow-request"});
}

TEST_CASE("a reason counts again after its pause", "[trace]") {
  recorded_node node;
  {
    node::dump_writer writer(node.recorder, node.store, std::chrono::milliseconds(0));
    writer.ask_for("signal", "why");
  }
  {
    node::dump_writer writer(node.recorder, node.store, std::chrono::milliseconds(0));
    writer.ask_for("refused", "why");
    writer.ask_for("circuit-opened", "why");
  }
  CHECK(node.reasons() == std::vector<std::string>{"circuit-opened", "refused", "signal"});
}

TEST_CASE("who asks is told which dump shows it, also within the pause", "[trace]") {
  recorded_node node;
  std::string first;
  {
    node::dump_writer writer(node.recorder, node.store);
    first = writer.ask_for("raft-ended", "input/output error", "raft");
    CHECK_THAT(first, matchers::EndsWith("-raft-ended.trace"));
    CHECK(writer.ask_for("raft-ended", "another") == first);
  }
  auto dumps = trace::list_dumps(node.directory / "trace");
  REQUIRE(dumps.size() == 1);
  CHECK(dumps[0].name == first);
  CHECK(dumps[0].trigger == "raft-ended");
  CHECK(dumps[0].reason == "input/output error");
}

TEST_CASE("without a place for dumps none is named", "[trace]") {
  recorded_node node;
  node::dump_writer writer(node.recorder, std::nullopt);
  CHECK(writer.ask_for("raft-ended", "why", "raft").empty());
}
