// SPDX-License-Identifier: Apache-2.0
// The node's own validator, as the supervisor's gate runs it, on files that end it: that is a
// refusal, and the node that asked lives on (INV-105).
#include <future>

#include "node/cross_check_request.hpp"
#include "supervisor/process_gate.hpp"
#include "tests/support/store_damage.hpp"

namespace tests {
namespace {

using storage::verdict;

/// The gate of a node whose files are those of `stores`.
storage::check_report pass_gate(two_stores& stores, supervisor::check_scope scope) {
  stores.close();
  supervisor::process_gate_settings settings;
  settings.program = ASPEN_NODE;
  settings.arguments = [&stores](supervisor::check_scope what) {
    node::cross_check_request request;
    request.paths = stores.paths();
    request.options.is_full = what == supervisor::check_scope::everything;
    request.options.expected_server = raft::server_id{1};
    auto command = node::cross_check_command(request);
    return std::vector<std::string>(command.begin() + 1, command.end());
  };
  supervisor::process_gate gate(std::move(settings));
  auto promise = std::make_shared<std::promise<storage::check_report>>();
  auto answer = promise->get_future();
  gate.start(scope, [promise](storage::check_report report) { promise->set_value(report); });
  return answer.get();
}

} // namespace

TEST_CASE("healthy files pass the gate, whole and by their tail") {
  two_stores stores;
  stores.put_many(20);
  CHECK(pass_gate(stores, supervisor::check_scope::everything).verdict == verdict::ok);
  CHECK(pass_gate(stores, supervisor::check_scope::new_tail).verdict == verdict::ok);
}

TEST_CASE("a log whose pages are gone ends the quick check without a report, which is a refusal "
          "(INV-105)") {
  two_stores stores;
  stores.put_many(20);
  stores.close();
  set_size(stores.log_path(), 2 * page_bytes); // LMDB reads behind the end of its map
  auto quick = pass_gate(stores, supervisor::check_scope::new_tail);
  CHECK(quick.verdict == verdict::refuse);
  CHECK(quick.findings.at(0).rule == "INV-105");
  auto whole = pass_gate(stores, supervisor::check_scope::everything);
  CHECK(whole.verdict == verdict::refuse);
  CHECK_FALSE(violation(whole, "INV-73").empty());
}

TEST_CASE("a value of 700 MB is refused by its length and never loaded (INV-83)") {
  two_stores stores;
  stores.put_many(20);
  stores.close();
  run_sql(stores.state_path(),
          "UPDATE state_machine_kv SET value = zeroblob(700000000) WHERE rowid = 1");
  auto report = pass_gate(stores, supervisor::check_scope::everything);
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-83"), matchers::ContainsSubstring("too big"));
}

} // namespace tests
