// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "node/logging.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

constexpr const char* sqlite_target = "aspen::raft::storage_sqlite";

/// Logs into a file; afterwards the process logs as if nothing had been.
class logging {
public:
  explicit logging(std::string filter, base::log::format format = base::log::format::text)
    : output_(std::move(*node::log_output::open({std::move(filter), format, path()}))) {}
  ~logging() {
    base::log::configure({}, base::log::format::text, [](base::log::level, std::string_view) {});
  }

  std::string path() const { return (directory_ / "logs/node.log").string(); }
  node::log_output& output() { return *output_; }
  std::vector<std::string> lines(const std::string& of) const {
    std::vector<std::string> found;
    std::ifstream file(of);
    for (std::string line; std::getline(file, line);)
      found.push_back(line);
    return found;
  }
  std::vector<std::string> lines() const { return lines(path()); }

private:
  tests::temp_dir directory_{"logging"};
  std::unique_ptr<node::log_output> output_;
};

} // namespace

TEST_CASE("a text line looks as in the operations guide", "[logging]") {
  logging log("debug");
  base::log::debug(sqlite_target, "WAL checkpoint completed",
                   {{"pages", 1024}, {"duration_ms", 150}});
  base::log::warn(sqlite_target, "WAL file exceeds threshold", {{"size_mb", 120}});
  REQUIRE(log.lines().size() == 2);
  const std::string time = R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z )";
  CHECK(std::regex_match(log.lines()[0],
                         std::regex(time
                                    + "DEBUG aspen::raft::storage_sqlite: WAL checkpoint "
                                      "completed pages=1024 duration_ms=150$")));
  CHECK(std::regex_match(log.lines()[1],
                         std::regex(time
                                    + "WARN  aspen::raft::storage_sqlite: WAL file exceeds "
                                      "threshold size_mb=120$")));
}

TEST_CASE("a JSON line is an object with the same members", "[logging]") {
  logging log("info", base::log::format::json);
  base::log::error(sqlite_target, "integrity_check failed", {{"page", 42}, {"text", "a \"b\"\n"}});
  auto line = nlohmann::json::parse(log.lines().at(0));
  CHECK(line.at("level") == "error");
  CHECK(line.at("target") == sqlite_target);
  CHECK(line.at("msg") == "integrity_check failed");
  CHECK(line.at("page") == 42);
  CHECK(line.at("text") == "a \"b\"\n");
  CHECK(line.at("ts").get<std::string>().size() == 27);
}

TEST_CASE("levels are chosen by target", "[logging]") {
  logging log("warn,aspen::raft=debug");
  base::log::debug(sqlite_target, "written");
  base::log::info("aspen::http", "dropped");
  base::log::warn("aspen::http", "written too");
  CHECK(log.lines().size() == 2);
}

TEST_CASE("the file is made for its owner alone, with its directory", "[logging][INV-127]") {
  auto before = ::umask(0);
  logging log("info");
  ::umask(before);
  struct stat about{};
  REQUIRE(::stat(log.path().c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
}

TEST_CASE("after a rotation lines go into a new file, and none is lost", "[logging][INV-127]") {
  logging log("info");
  base::log::info("a", "before");
  std::filesystem::rename(log.path(), log.path() + ".1");
  base::log::info("a", "between");
  REQUIRE(log.output().reopen());
  base::log::info("a", "after");
  CHECK(log.lines(log.path() + ".1").size() == 2);
  CHECK_THAT(log.lines().at(0), matchers::ContainsSubstring("after"));
}

TEST_CASE("when the file cannot be reopened the old one goes on", "[logging][INV-127]") {
  logging log("info");
  std::filesystem::rename(log.path(), log.path() + ".1");
  std::filesystem::create_directory(log.path());
  auto reopened = log.output().reopen();
  REQUIRE_FALSE(reopened);
  CHECK_THAT(reopened.error().text, matchers::ContainsSubstring(log.path()));
  base::log::info("a", "still here");
  CHECK(log.lines(log.path() + ".1").size() == 1);
}

TEST_CASE("a log file that cannot be opened is named", "[logging]") {
  auto opened = node::log_output::open({"info", base::log::format::text, "/proc/none/node.log"});
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring("/proc/none/node.log"));
}

TEST_CASE("other settings of the log take effect whole, or not at all", "[logging]") {
  logging log("info");
  auto other = log.path() + ".other";
  REQUIRE(log.output().change({"debug", base::log::format::json, other}));
  base::log::debug("a", "there");
  CHECK(log.lines().empty());
  REQUIRE(log.lines(other).size() == 2);
  CHECK(nlohmann::json::parse(log.lines(other)[0])["msg"] == "log filter changed");
  CHECK(nlohmann::json::parse(log.lines(other)[1])["msg"] == "there");
  CHECK_FALSE(log.output().change({"off", base::log::format::text, "/proc/none/node.log"}));
  base::log::debug("a", "still there");
  CHECK(log.lines(other).size() == 3);
  CHECK(log.output().filter() == "debug");
}

TEST_CASE("a filter set by hand stays until another is configured", "[logging]") {
  logging log("info");
  CHECK_FALSE(log.output().set_filter("loud"));
  REQUIRE(log.output().set_filter("warn"));
  REQUIRE(log.output().change({"info", base::log::format::json, log.path()}));
  CHECK(log.output().filter() == "warn");
  CHECK(log.output().configured_filter() == "info");
  REQUIRE(log.output().change({"debug", base::log::format::json, log.path()}));
  CHECK(log.output().filter() == "debug");
  REQUIRE(log.output().set_filter("error"));
  log.output().reset_filter();
  CHECK(log.output().filter() == "debug");
}
