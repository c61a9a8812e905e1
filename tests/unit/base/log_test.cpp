// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "tests/support/catch.hpp"

namespace {

/// Catches what is written while it lives. Lines without their time stamp.
class caught {
public:
  explicit caught(base::log::format form = base::log::format::text,
                  std::string_view directives = "trace") {
    base::log::configure(
        base::log::filter::parse(directives).value(), form,
        [this](base::log::level, std::string_view line) { lines.emplace_back(line); });
  }
  ~caught() {
    base::log::configure({}, base::log::format::text, [](base::log::level, std::string_view) {});
  }
  caught(const caught&) = delete;
  caught& operator=(const caught&) = delete;

  /// The last line from its level on.
  std::string text() const {
    return lines.back().substr(std::string_view("2026-01-02T03:04:05.678901Z ").size());
  }
  /// The last JSON line from its level on.
  std::string json() const { return lines.back().substr(lines.back().find("\"level\"")); }

  std::vector<std::string> lines;
};

base::log::filter parsed(std::string_view directives) {
  return base::log::filter::parse(directives).value();
}

} // namespace

TEST_CASE("a line is time, level, target, text and fields", "[base]") {
  caught lines;
  base::log::warn("aspen::raft", "slow disk", {{"bytes", 7}, {"name", "n1"}, {"is_leader", true}});
  CHECK(lines.text() == "WARN  aspen::raft: slow disk bytes=7 name=n1 is_leader=true");
  CHECK_THAT(lines.lines.back(),
             matchers::Matches(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z WARN .*)"));
}

TEST_CASE("the same line as JSON", "[base]") {
  caught lines(base::log::format::json);
  base::log::error("aspen::raft", "slow \"disk\"",
                   {{"bytes", 7}, {"name", "n1"}, {"is_leader", true}});
  CHECK(
      lines.json()
      == R"("level":"error","target":"aspen::raft","msg":"slow \"disk\"","bytes":7,"name":"n1","is_leader":true})");
}

TEST_CASE("no value can forge a line", "[base]") {
  auto form = GENERATE(base::log::format::text, base::log::format::json);
  caught lines(form);
  base::log::info("aspen", "a\nb",
                  {{"key", "x\r\n2026-01-01T00:00:00Z INFO fake"}, {"nul", std::string(1, '\0')}});
  CHECK(lines.lines.size() == 1);
  for (char forbidden : {'\n', '\r', '\0', '\x1b'})
    CHECK(lines.lines[0].find(forbidden) == std::string::npos);
  CHECK_THAT(lines.lines[0], matchers::ContainsSubstring("a\\u000ab"));
}

TEST_CASE("a text value is quoted when it could be misread", "[base]") {
  caught lines;
  auto written = [&](std::string_view value) {
    base::log::info("t", "m", {{"k", value}});
    auto line = lines.text();
    return line.substr(line.find("k=") + 2);
  };
  CHECK(written("plain") == "plain");
  CHECK(written("two words") == "\"two words\"");
  CHECK(written("") == "\"\"");
  CHECK(written("a\"b") == "\"a\\\"b\"");
  CHECK(written("back\\slash") == "\"back\\\\slash\"");
  CHECK(written("\x7f") == "\"\\u007f\"");
}

TEST_CASE("the longest matching target decides the level", "[base]") {
  auto filter = parsed("warn,aspen::http=debug,aspen::http::gate=error");
  CHECK(filter.level_of("aspen::raft") == base::log::level::warn);
  CHECK(filter.level_of("aspen::http") == base::log::level::debug);
  CHECK(filter.level_of("aspen::http::server") == base::log::level::debug);
  CHECK(filter.level_of("aspen::http::gate::x") == base::log::level::error);
  CHECK(filter.level_of("aspen::httpd") == base::log::level::warn);
}

TEST_CASE("the order of directives does not matter, and the last of equals wins", "[base]") {
  CHECK(parsed("a::b=trace,a=error,info").level_of("a::b") == base::log::level::trace);
  CHECK(parsed("a=error,a=debug").level_of("a") == base::log::level::debug);
  CHECK(parsed("").level_of("a") == base::log::level::info);
}

TEST_CASE("a directive that is none is named", "[base]") {
  auto failed = base::log::filter::parse("info,aspen=loud");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == base::errc::invalid);
  CHECK_THAT(failed.error().text, matchers::ContainsSubstring("aspen=loud"));
  CHECK_THAT(failed.error().text, matchers::ContainsSubstring("warn"));
}

TEST_CASE("what is filtered is not written", "[base]") {
  caught lines(base::log::format::text, "warn,quiet=off");
  base::log::info("t", "not written");
  base::log::error("quiet", "not written");
  CHECK(lines.lines.empty());
  CHECK_FALSE(base::log::enabled(base::log::level::info, "t"));
  CHECK(base::log::enabled(base::log::level::warn, "t"));
}

TEST_CASE("lines carry the trace of the work that wrote them", "[base]") {
  caught lines;
  auto trace = base::uuid_from_name("trace");
  auto before = base::log::exchange_trace(trace);
  base::log::info("t", "with");
  CHECK_THAT(lines.text(), matchers::Matches("INFO  t: with trace_id=[0-9a-f]{32}"));
  CHECK(base::log::exchange_trace(before) == trace);
  base::log::info("t", "without");
  CHECK(lines.text() == "INFO  t: without");
}
