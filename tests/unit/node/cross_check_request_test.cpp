// SPDX-License-Identifier: Apache-2.0
#include "node/cross_check_request.hpp"
#include "tests/support/catch.hpp"

namespace {

node::cross_check_request example() {
  node::cross_check_request request;
  request.paths = {storage::backend::lmdb, "/d", "/d/a \"log\"", "/d/state"};
  request.options = {false,
                     std::chrono::milliseconds(1500),
                     false,
                     "INV-56: the row differs",
                     base::random_uuid(),
                     raft::server_id(7)};
  return request;
}

} // namespace

TEST_CASE("a request to check the stores survives the way to the child", "[cross check]") {
  auto sent = example();
  auto got = node::cross_check_request_from_json(to_json(sent));
  REQUIRE(got);
  CHECK(got->paths.backend == sent.paths.backend);
  CHECK(got->paths.data_dir == sent.paths.data_dir);
  CHECK(got->paths.log_path == sent.paths.log_path);
  CHECK(got->paths.state_path == sent.paths.state_path);
  CHECK(got->options.is_full == sent.options.is_full);
  CHECK(got->options.digest_budget == sent.options.digest_budget);
  CHECK(got->options.suspicion == sent.options.suspicion);
  CHECK(got->options.expected_cluster == sent.options.expected_cluster);
  CHECK(got->options.expected_server == sent.options.expected_server);
}

TEST_CASE("what is no request is told apart", "[cross check]") {
  for (const char* text : {"", "{}", "[]", "x", R"({"backend":9})"})
    CHECK_FALSE(node::cross_check_request_from_json(text));
}
