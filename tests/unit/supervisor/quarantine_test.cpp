// SPDX-License-Identifier: Apache-2.0
#include "supervisor/quarantine_gate.hpp"

#include <algorithm>
#include <fstream>
#include <future>
#include <iterator>
#include <utility>

#include "supervisor/quarantine.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace supervisor;
using storage::verdict;

namespace {

storage::check_report report_of(verdict what) {
  storage::check_report report;
  report.verdict = what;
  if (what == verdict::refuse) {
    report.findings = {
        {"INV-75", "State machine corruption detected: last_applied (105) exceeds committed (100)",
         true},
        {"INV-71", "identities agree", false}};
    report.last_applied = raft::entry_id{raft::log_index{105}, raft::term{3}};
    report.commit_index = raft::log_index{100};
    report.log_uuid = "11111111-2222-3333-4444-555555555555";
    report.what_to_do = "Keep the files.";
  }
  return report;
}

/// What would look at the stores: says what the test wants it to.
class inner_gate : public gate {
public:
  verdict answer = verdict::ok;
  std::vector<check_scope> scopes;
  bool keeps_quiet = false;

  void start(check_scope scope, on_checked done) override {
    scopes.push_back(scope);
    if (keeps_quiet)
      done_ = done;
    asked_.set_value(); // before the answer, after which the test may ask again
    if (!keeps_quiet)
      done(report_of(answer));
  }
  void cancel() override { std::exchange(done_, {})(report_of(verdict::retry)); }
  std::future<void> asked() {
    asked_ = {};
    return asked_.get_future();
  }

private:
  on_checked done_;
  std::promise<void> asked_;
};

/// Two stores in a directory, and one start of the node after the other.
class quarantined_node {
public:
  quarantined_node() {
    write("raft-log.lmdb", "the log");
    write("state-machine.db", "the state");
  }
  std::future<storage::check_report> begin(check_scope scope = check_scope::everything) {
    settings.directory = directory.path().string();
    settings.store_files = {(directory.path() / "raft-log.lmdb").string(),
                            (directory.path() / "state-machine.db").string(),
                            (directory.path() / "state-machine.db-wal").string()};
    auto asked = inner->asked();
    gate_ = make_quarantine_gate(inner, settings);
    if (is_forgiven)
      gate_->forgive();
    auto promise = std::make_shared<std::promise<storage::check_report>>();
    gate_->start(scope, [promise](storage::check_report report) { promise->set_value(report); });
    if (inner->keeps_quiet)
      asked.wait();
    return promise->get_future();
  }
  storage::check_report start(verdict says, check_scope scope = check_scope::everything) {
    inner->answer = says;
    return begin(scope).get();
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory.path() / name) << text;
  }
  std::string read(const std::string& name) {
    std::ifstream file(directory.path() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool has_record() { return std::filesystem::exists(directory.path() / quarantine_file); }
  std::size_t put_away() {
    return static_cast<std::size_t>(std::ranges::count_if(
        std::filesystem::directory_iterator(directory.path()),
        [](auto& each) { return each.path().filename().string().starts_with("quarantine-"); }));
  }
  void cancel() { gate_->cancel(); }

  tests::temp_dir directory;
  quarantine_settings settings{{}, {}, "node 1, backend sqlite, aspen 1.0 (abc)"};
  std::shared_ptr<inner_gate> inner = std::make_shared<inner_gate>();
  bool is_forgiven = false;

private:
  std::shared_ptr<gate> gate_;
};

bool names_the_record(const storage::check_report& report) {
  return std::ranges::any_of(report.findings, [](const auto& each) {
    return each.rule == "INV-108" && each.is_violated
           && each.text.find(quarantine_file) != std::string::npos;
  });
}

} // namespace

TEST_CASE("INV-108 a refusal is recorded for a person, and what passes is not") {
  quarantined_node node;
  CHECK(node.start(verdict::ok).verdict == verdict::ok);
  CHECK_FALSE(node.has_record());
  auto refused = node.start(verdict::refuse);
  CHECK_FALSE(names_the_record(refused));
  auto text = node.read(quarantine_file);
  for (const char* part : {"INV-75", "last_applied (105) exceeds committed (100)", "\"written\"",
                           "11111111-2222", "raft-log.lmdb", "Keep the files.", "supervisor clear"})
    CHECK_THAT(text, matchers::ContainsSubstring(part));
}

TEST_CASE("INV-108 the stores that were refused are refused at once, whatever a check would say") {
  quarantined_node node;
  node.start(verdict::refuse);
  auto checks = node.inner->scopes.size();
  auto again = node.start(verdict::ok);
  CHECK(again.verdict == verdict::refuse);
  CHECK(node.inner->scopes.size() == checks);
  CHECK(names_the_record(again));
  CHECK(again.findings.front().rule == "INV-75");
  CHECK(again.last_applied->index == raft::log_index{105});
  CHECK(again.commit_index == raft::log_index{100});
  CHECK(node.has_record());
}

TEST_CASE("INV-108 replaced stores that pass the full check start, and the record is put away") {
  auto name =
      GENERATE(as<std::string>{}, "raft-log.lmdb", "state-machine.db", "state-machine.db-wal");
  quarantined_node node;
  node.start(verdict::refuse);
  node.write(name, "another one");
  CHECK(node.start(verdict::ok, check_scope::new_tail).verdict == verdict::ok);
  CHECK(node.inner->scopes.back() == check_scope::everything);
  CHECK_FALSE(node.has_record());
  CHECK(node.put_away() == 1);
}

TEST_CASE("INV-108 replaced stores that do not pass get a record of their own") {
  quarantined_node node;
  node.start(verdict::refuse);
  node.write("state-machine.db", "another one");
  CHECK(node.start(verdict::refuse).verdict == verdict::refuse);
  CHECK(names_the_record(node.start(verdict::ok)));
}

TEST_CASE("INV-108 a check that could not be made neither writes a record nor puts one away") {
  quarantined_node node;
  CHECK(node.start(verdict::retry).verdict == verdict::retry);
  CHECK_FALSE(node.has_record());
  node.start(verdict::refuse);
  node.write("raft-log.lmdb", "another one");
  CHECK(node.start(verdict::retry).verdict == verdict::retry);
  CHECK(node.has_record());
}

TEST_CASE("INV-108 what an operator clears is checked again, and only that decides") {
  auto says = GENERATE(verdict::ok, verdict::refuse);
  quarantined_node node;
  node.start(verdict::refuse);
  node.is_forgiven = true;
  CHECK(node.start(says).verdict == says);
  CHECK(node.has_record() == (says == verdict::refuse));
  CHECK(node.put_away() == 1);
}

TEST_CASE("INV-108 a record binds the question it answered: another node id is another question") {
  quarantined_node node;
  node.start(verdict::refuse);
  node.settings.checked_as = "node 2, backend sqlite, aspen 1.0 (abc)";
  CHECK(node.start(verdict::ok).verdict == verdict::ok);
  CHECK_FALSE(node.has_record());
}

TEST_CASE("INV-108 a record that nobody can read refuses until it is cleared") {
  auto text = GENERATE(as<std::string>{}, "", "{}", "[1", R"({"written":"yesterday"})");
  quarantined_node node;
  node.write(quarantine_file, text);
  auto refused = node.start(verdict::ok);
  CHECK(refused.verdict == verdict::refuse);
  CHECK(names_the_record(refused));
  node.is_forgiven = true;
  CHECK(node.start(verdict::ok).verdict == verdict::ok);
}

TEST_CASE("a record comes back as it was written") {
  tests::temp_dir directory;
  quarantine kept(directory.path().string());
  CHECK(kept.read().error().code == base::errc::not_found);
  quarantine_record record{std::chrono::system_clock::from_time_t(1'800'000'000),
                           "node 1",
                           {{"a", 7, "00"}, {"b", 0, "missing"}},
                           report_of(verdict::refuse)};
  REQUIRE(kept.write(record));
  auto back = kept.read();
  REQUIRE(back);
  CHECK(back->written == record.written);
  CHECK(back->checked_as == record.checked_as);
  CHECK(back->files == record.files);
  CHECK(storage::to_json(back->report) == storage::to_json(record.report));
}

TEST_CASE("at most ten records that were put away are kept") {
  tests::temp_dir directory;
  quarantine kept(directory.path().string());
  for (int i = 0; i < 15; ++i) {
    REQUIRE(kept.write(
        {std::chrono::system_clock::from_time_t(i), "", {}, report_of(verdict::refuse)}));
    REQUIRE(kept.put_away(std::chrono::system_clock::from_time_t(1'800'000'000 + i)));
  }
  CHECK(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 10);
}

TEST_CASE("a check that is cancelled ends soon, and writes no record") {
  quarantined_node node;
  node.inner->keeps_quiet = true;
  auto report = node.begin();
  node.cancel();
  CHECK(report.get().verdict == verdict::retry);
  CHECK_FALSE(node.has_record());
}

TEST_CASE("stores are known again by every byte, and by being there") {
  tests::temp_dir directory;
  std::atomic<bool> never{false};
  auto path = (directory.path() / "store").string();
  auto print = [&] { return take_prints({path}, never).at(0); };
  CHECK(print().digest == "missing");
  std::string content((1 << 20) * 2, 'x'); // whole blocks: the last read finds nothing
  std::ofstream(path) << content;
  auto before = print();
  CHECK(before.bytes == content.size());
  CHECK(before == print());
  content[content.size() / 2] = 'y';
  std::ofstream(path) << content;
  CHECK(print().digest != before.digest);
}
