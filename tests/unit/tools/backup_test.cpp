// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tools/aspen-backup/manifest.hpp"
#include "tools/aspen-backup/retention.hpp"
#include "tools/common/sha256.hpp"

using namespace aspen_backup;
using matchers::ContainsSubstring;

namespace {

manifest sample() {
  manifest made;
  made.created_at = 1'795'478'400; // 2026-11-24T00:00:00Z
  made.source = "http://127.0.0.1:8081";
  made.program = "0.1.0 (abc)";
  made.digest_version = 1;
  made.cluster_id = base::random_uuid();
  made.server_id = 3;
  made.at = {raft::log_index{105}, raft::term{4}};
  made.chain = std::string(32, 'c');
  made.membership = {{"voters", nlohmann::ordered_json::array()}};
  made.state_digest = std::string(64, 'd');
  made.rows = 17;
  made.size_bytes = 40960;
  made.sha256 = std::string(64, 'a');
  return made;
}

std::string text_of(const manifest& what) {
  return to_json(what).dump(2);
}

/// The times of backups as days and hours before the 24th of November 2026, a Tuesday.
std::int64_t at(int days_before, int hours) {
  constexpr std::int64_t tuesday = 1'795'478'400;
  return tuesday - std::int64_t{86'400} * days_before + std::int64_t{3600} * hours;
}

std::vector<std::int64_t> kept_times(const std::vector<std::int64_t>& times, const char* text) {
  auto what = parse_retention(text);
  REQUIRE(what);
  auto stays = kept(times, *what);
  std::vector<std::int64_t> remaining;
  for (std::size_t each = 0; each < times.size(); ++each)
    if (stays[each])
      remaining.push_back(times[each]);
  return remaining;
}

} // namespace

TEST_CASE("a manifest is read as it was written", "[backup]") {
  auto made = sample();
  auto read = manifest_from_json(text_of(made));
  REQUIRE(read);
  CHECK(to_json(*read) == to_json(made));
  CHECK(differences(made, *read).empty());
}

TEST_CASE("what a manifest lacks is named", "[backup]") {
  auto whole = to_json(sample());
  for (const char* member :
       {"created_at", "storage_backend", "cluster_id", "server_id", "term", "index", "chain",
        "membership", "state_digest", "rows", "size_bytes", "sha256"}) {
    auto cut = whole;
    cut.erase(member);
    auto read = manifest_from_json(cut.dump());
    REQUIRE_FALSE(read);
    CHECK(read.error().status == exit_status::damaged);
    CHECK_THAT(read.error().text, ContainsSubstring(member));
    auto other = whole;
    other[member] = true;
    CHECK_FALSE(manifest_from_json(other.dump()));
  }
  for (const char* text : {"", "{", "[]", "{}", "{\"format\":\"tar\",\"format_version\":1}"})
    CHECK_FALSE(manifest_from_json(text));
}

TEST_CASE("a manifest of a later version is refused, not guessed at", "[backup]") {
  auto later = to_json(sample());
  later["format_version"] = 2;
  auto read = manifest_from_json(later.dump());
  REQUIRE_FALSE(read);
  CHECK(read.error().status == exit_status::failed);
  CHECK_THAT(read.error().text, ContainsSubstring("version 2"));
}

TEST_CASE("every difference between a backup and its manifest is named with both values",
          "[backup]") {
  auto told = sample();
  auto found = told;
  found.rows = 18;
  found.at.index = raft::log_index{106};
  found.source = "elsewhere"; // only told
  auto lines = differences(told, found);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "index is 106, the manifest says 105");
  CHECK(lines[1] == "rows is 18, the manifest says 17");
}

TEST_CASE("a time is text in UTC, and back", "[backup]") {
  CHECK(time_text(1'795'478'400) == "2026-11-24T00:00:00Z");
  CHECK(time_from_text("2026-11-24T23:59:59Z") == 1'795'564'799);
  for (const char* text : {"", "2026-11-24", "2026-13-24T00:00:00Z", "2026-11-31T00:00:00Z",
                           "2026-11-24T24:00:00Z", "2026-11-24T00:00:00Z ", "2026-11-24T0:0:0Z"})
    CHECK_FALSE(time_from_text(text));
}

TEST_CASE("a retention is counts of days and weeks", "[backup]") {
  auto both = parse_retention("daily=7,weekly=4");
  REQUIRE(both);
  CHECK((both->daily == 7 && both->weekly == 4));
  CHECK(parse_retention("weekly=1"));
  for (const char* text : {"", "daily", "daily=", "daily=0", "daily=-1", "daily=x", "monthly=1",
                           "daily=1;weekly=2", "daily=0,weekly=0", "daily=99999999999999999999"}) {
    auto read = parse_retention(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().status == exit_status::usage);
  }
}

TEST_CASE("of each of the last days that have any the newest backup stays", "[backup]") {
  // Nothing was made for a month before the 20th: what is old is kept all the same.
  std::vector<std::int64_t> times{at(0, 3), at(0, 15), at(1, 3), at(4, 3), at(4, 23), at(34, 3)};
  CHECK(kept_times(times, "daily=1") == std::vector{at(0, 15)});
  CHECK(kept_times(times, "daily=2") == std::vector{at(0, 15), at(1, 3)});
  CHECK(kept_times(times, "daily=3") == std::vector{at(0, 15), at(1, 3), at(4, 23)});
  CHECK(kept_times(times, "daily=9") == std::vector{at(0, 15), at(1, 3), at(4, 23), at(34, 3)});
}

TEST_CASE("a week begins on Monday", "[backup]") {
  // Monday the 23rd is of this week, Sunday the 22nd of the one before.
  std::vector<std::int64_t> times{at(0, 3), at(1, 0), at(2, 23), at(8, 0), at(9, 23)};
  CHECK(kept_times(times, "weekly=1") == std::vector{at(0, 3)});
  CHECK(kept_times(times, "weekly=2") == std::vector{at(0, 3), at(2, 23)});
  CHECK(kept_times(times, "weekly=3") == std::vector{at(0, 3), at(2, 23), at(9, 23)});
  CHECK(kept_times(times, "daily=2,weekly=2") == std::vector{at(0, 3), at(1, 0), at(2, 23)});
}

TEST_CASE("a retention keeps something of whatever there is", "[backup]") {
  CHECK(kept_times({}, "daily=1").empty());
  CHECK(kept_times({at(900, 0)}, "weekly=1") == std::vector{at(900, 0)});
  CHECK(kept_times({-1, -86'401}, "daily=2") == std::vector<std::int64_t>{-1, -86'401});
  CHECK(kept({at(0, 1), at(0, 1)}, {1, 1}) == std::vector<bool>{true, false});
}

TEST_CASE("SHA-256 is that of the standard", "[backup]") {
  // FIPS 180-4, examples.
  tools::sha256 of_abc;
  of_abc.add("a");
  of_abc.add("bc");
  CHECK(of_abc.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  tests::temp_dir directory;
  auto path = (directory / "empty").string();
  std::ofstream(path).close();
  CHECK(tools::sha256_of_file(path)
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK_FALSE(tools::sha256_of_file((directory / "none").string()));
}
