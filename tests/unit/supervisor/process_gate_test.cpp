// SPDX-License-Identifier: Apache-2.0
#include "supervisor/process_gate.hpp"

#include <signal.h>

#include <cerrno>
#include <fstream>
#include <future>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace supervisor;
using namespace std::chrono_literals;
using storage::verdict;

namespace {

/// A gate whose validator is a shell script.
class scripted_validator {
public:
  process_limits limits{30s, 1 << 20};

  explicit scripted_validator(std::string script) : script_(std::move(script)) {}

  std::future<storage::check_report> begin(check_scope scope = check_scope::everything) {
    process_gate_settings settings;
    settings.program = "/bin/sh";
    settings.arguments = [script = script_](check_scope what) {
      return std::vector<std::string>{"-c", script, "sh",
                                      what == check_scope::everything ? "all" : "tail"};
    };
    settings.limits = limits;
    gate = std::make_unique<process_gate>(std::move(settings));
    auto promise = std::make_shared<std::promise<storage::check_report>>();
    gate->start(scope, [promise](storage::check_report report) { promise->set_value(report); });
    return promise->get_future();
  }
  storage::check_report check(check_scope scope = check_scope::everything) {
    return begin(scope).get();
  }
  std::unique_ptr<process_gate> gate;

private:
  std::string script_;
};

/// A script that prints `report` as the validator does.
std::string prints(const storage::check_report& report) {
  return "cat <<'END'\n" + storage::to_json(report) + "\nEND\n";
}

std::string finding(const storage::check_report& report) {
  return report.findings.at(0).text;
}

} // namespace

TEST_CASE("the verdict of the validator is the verdict of the gate") {
  auto what = GENERATE(verdict::ok, verdict::retry, verdict::rebuild, verdict::refuse);
  storage::check_report report;
  report.verdict = what;
  report.findings.push_back({"INV-70", "it's \"so\"", what == verdict::refuse});
  auto seen = scripted_validator(prints(report)).check();
  CHECK(seen.verdict == what);
  CHECK(finding(seen) == "it's \"so\"");
}

TEST_CASE("the validator is told how much to look at") {
  scripted_validator validator("echo $1; exit 1");
  CHECK_THAT(finding(validator.check(check_scope::everything)), matchers::ContainsSubstring("all"));
  CHECK_THAT(finding(validator.check(check_scope::new_tail)), matchers::ContainsSubstring("tail"));
}

TEST_CASE("the asker does not wait for the validator") {
  tests::temp_dir dir;
  auto go = (dir / "go").string();
  scripted_validator validator("while [ ! -e " + go + " ]; do sleep 0.01; done; exit 1");
  auto answer = validator.begin();
  CHECK(answer.wait_for(0s) == std::future_status::timeout);
  std::ofstream(go).put('\n');
  CHECK(answer.get().verdict == verdict::refuse);
}

TEST_CASE("INV-105 a validator that ends without a report is a refusal that says how it ended") {
  struct {
    std::string script;
    std::string text;
  } const table[] = {
      {"kill -SEGV $$", "the validator was ended by signal 11 (SIGSEGV) while it read the stores"},
      {"kill -BUS $$", "(SIGBUS)"},
      {"kill -ABRT $$", "(SIGABRT)"},
      {"echo all is well", "the validator printed no report but: all is well"},
      {"echo '{\"verdict\":'", "printed no report"},
      {"true", "printed no report"},
      {"echo oops; exit 3", "the validator ended with status 3 and printed: oops"},
      {"yes", "the validator printed more than 1048576 bytes"},
  };
  for (const auto& row : table) {
    CAPTURE(row.script);
    auto report = scripted_validator(row.script).check();
    CHECK(report.verdict == verdict::refuse);
    CHECK(report.findings.at(0).is_violated);
    CHECK_THAT(finding(report), matchers::ContainsSubstring(row.text));
  }
}

TEST_CASE("INV-105 a good report from a validator that then fails is not believed") {
  auto report = scripted_validator(prints({}) + "exit 1").check();
  CHECK(report.verdict == verdict::refuse);
  CHECK(scripted_validator(prints({}) + "kill -SEGV $$").check().verdict == verdict::refuse);
}

TEST_CASE("INV-105 a validator that does not finish in time is a refusal") {
  scripted_validator validator("sleep 1000");
  validator.limits.time_max = 200ms;
  auto report = validator.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK(finding(report) == "the validator did not finish within 200 ms");
}

TEST_CASE("a validator that is ended from outside says nothing of the stores: it is tried again") {
  for (auto signal : {"TERM", "KILL", "INT", "HUP"}) {
    auto report = scripted_validator(std::string("kill -") + signal + " $$").check();
    CHECK(report.verdict == verdict::retry);
    CHECK_THAT(finding(report), matchers::EndsWith("from outside"));
  }
}

TEST_CASE("a cancelled check ends soon and is no refusal") {
  scripted_validator validator("sleep 1000");
  auto answer = validator.begin();
  validator.gate->cancel();
  REQUIRE(answer.wait_for(30s) == std::future_status::ready);
  CHECK(answer.get().verdict == verdict::retry);
}

TEST_CASE("a gate checks again after a check that was cancelled") {
  scripted_validator validator("sleep 1000");
  auto first = validator.begin();
  validator.gate->cancel();
  first.wait();
  CHECK(scripted_validator(prints({})).check().verdict == verdict::ok);
}

TEST_CASE("too few resources to start a validator are waited for, a missing program is not") {
  for (auto error : {EAGAIN, ENOMEM, EMFILE, ENFILE})
    CHECK(judge({process_end::not_started, error, {}}, {}).verdict == verdict::retry);
  auto report = judge({process_end::not_started, ENOENT, {}}, {});
  CHECK(report.verdict == verdict::refuse);
  CHECK(finding(report) == "the validator could not be run: No such file or directory");
}

TEST_CASE("what a validator printed is quoted on one line and cut") {
  auto report = judge({process_end::exited, 0, "a\nb\x1b[2J" + std::string(1000, 'x')}, {});
  CHECK(finding(report).find('\n') == std::string::npos);
  CHECK(finding(report).find('\x1b') == std::string::npos);
  CHECK(finding(report).size() < 300);
}
