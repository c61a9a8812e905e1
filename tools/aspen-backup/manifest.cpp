// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-backup/manifest.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/hash.hpp"
#include "storage/digest.hpp"
#include "tools/aspen-debug-storage/entry_text.hpp"

namespace aspen_backup {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view format_name = "aspen-backup";
constexpr std::size_t manifest_bytes_max = std::size_t{1} << 20;

/// Reads members one after the other and remembers the first that is missing or of another type.
class member_reader {
public:
  explicit member_reader(const ordered_json& from) : from_(from) {}

  std::string text(const char* name) {
    auto* found = find(name, [](const ordered_json& each) { return each.is_string(); });
    return found != nullptr ? found->get<std::string>() : std::string();
  }
  std::uint64_t number(const char* name) {
    auto* found = find(name, [](const ordered_json& each) { return each.is_number_unsigned(); });
    return found != nullptr ? found->get<std::uint64_t>() : 0;
  }
  ordered_json object(const char* name) {
    auto* found = find(name, [](const ordered_json& each) { return each.is_object(); });
    return found != nullptr ? *found : ordered_json::object();
  }
  void fault(const char* name) {
    if (bad_.empty())
      bad_ = name;
  }
  const std::string& bad() const { return bad_; }

private:
  template <class Predicate>
  const ordered_json* find(const char* name, Predicate is_right) {
    auto found = from_.find(name);
    if (found != from_.end() && is_right(*found))
      return &*found;
    fault(name);
    return nullptr;
  }

  const ordered_json& from_;
  std::string bad_;
};

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits
         && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

manifest read_members(const ordered_json& from, member_reader& read) {
  manifest made;
  auto created = time_from_text(read.text("created_at"));
  if (!created)
    read.fault("created_at");
  made.created_at = created.value_or(0);
  made.source = read.text("source");
  made.program = read.text("program");
  auto backend = read.text("storage_backend");
  if (backend != "sqlite" && backend != "lmdb")
    read.fault("storage_backend");
  made.backend = backend == "lmdb" ? storage::backend::lmdb : storage::backend::sqlite;
  made.digest_version = read.number("digest_version");
  auto cluster = base::uuid_from_string(read.text("cluster_id"));
  if (!cluster)
    read.fault("cluster_id");
  made.cluster_id = cluster.value_or(base::uuid{});
  made.server_id = read.number("server_id");
  made.at = {raft::log_index{read.number("index")}, raft::term{read.number("term")}};
  made.chain = read.text("chain");
  made.membership = read.object("membership");
  made.state_digest = read.text("state_digest");
  made.rows = read.number("rows");
  made.size_bytes = read.number("size_bytes");
  made.sha256 = read.text("sha256");
  if (!is_hex(made.sha256, 64))
    read.fault("sha256");
  if (!is_hex(made.state_digest, 64))
    read.fault("state_digest");
  (void)from;
  return made;
}

} // namespace

std::string manifest_path(const std::string& file) {
  return file + ".manifest.json";
}

manifest describe(storage::backend kind, const storage::state_facts& facts,
                  const storage::snapshot_report& report, std::string sha256) {
  manifest made;
  made.backend = kind;
  made.digest_version = storage::digest_version;
  made.cluster_id = facts.identity.cluster_id;
  made.server_id = facts.identity.server.value;
  made.at = report.meta.last_applied;
  made.chain = base::to_hex(report.meta.chain);
  made.membership = debug_storage::to_json(report.meta.membership);
  made.state_digest = storage::to_hex(report.meta.digest);
  made.rows = report.rows;
  made.size_bytes = report.file_bytes;
  made.sha256 = std::move(sha256);
  return made;
}

std::vector<std::string> differences(const manifest& told, const manifest& found) {
  std::vector<std::string> lines;
  auto left = to_json(told);
  auto right = to_json(found);
  for (const char* name :
       {"size_bytes", "sha256", "storage_backend", "digest_version", "cluster_id", "server_id",
        "term", "index", "chain", "membership", "state_digest", "rows"})
    if (left[name] != right[name])
      lines.push_back(std::string(name) + " is " + right[name].dump() + ", the manifest says "
                      + left[name].dump());
  return lines;
}

ordered_json to_json(const manifest& what) {
  return {{"format", format_name},
          {"format_version", manifest_version},
          {"created_at", time_text(what.created_at)},
          {"source", what.source},
          {"program", what.program},
          {"storage_backend", storage::to_string(what.backend)},
          {"digest_version", what.digest_version},
          {"cluster_id", base::to_string(what.cluster_id)},
          {"server_id", what.server_id},
          {"term", what.at.term.value},
          {"index", what.at.index.value},
          {"chain", what.chain},
          {"membership", what.membership},
          {"state_digest", what.state_digest},
          {"rows", what.rows},
          {"size_bytes", what.size_bytes},
          {"sha256", what.sha256}};
}

outcome<manifest> manifest_from_json(const std::string& text) {
  auto parsed = ordered_json::parse(text, nullptr, false);
  if (!parsed.is_object())
    return fail(exit_status::damaged, "it is no JSON object");
  member_reader read(parsed);
  auto format = read.text("format");
  auto version = read.number("format_version");
  if (!read.bad().empty() || format != format_name)
    return fail(exit_status::damaged, "it is not the manifest of a backup of Aspen");
  if (version != manifest_version)
    return fail(exit_status::failed, "it has version " + std::to_string(version)
                                         + ", this program reads version "
                                         + std::to_string(manifest_version));
  auto made = read_members(parsed, read);
  if (!read.bad().empty())
    return fail(exit_status::damaged, "'" + read.bad() + "' is missing or makes no sense");
  return made;
}

outcome<manifest> read_manifest(const std::string& file) {
  auto path = manifest_path(file);
  std::ifstream from(path, std::ios::binary);
  if (!from)
    return fail(exit_status::failed,
                "there is no manifest " + path + ": without it nothing can be verified");
  std::string text(manifest_bytes_max, '\0');
  from.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(from.gcount()));
  auto made = manifest_from_json(text);
  if (!made)
    return fail(made.error().status, path + ": " + made.error().text);
  return made;
}

std::string time_text(std::int64_t unix_seconds) {
  using namespace std::chrono;
  auto at = sys_seconds(seconds(unix_seconds));
  auto day = floor<days>(at);
  year_month_day date(day);
  hh_mm_ss time(at - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return text.data();
}

std::optional<std::int64_t> time_from_text(std::string_view text) {
  using namespace std::chrono;
  std::array<int, 6> field{};
  std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ", &field[0], &field[1], &field[2],
                  &field[3], &field[4], &field[5])
      != 6)
    return std::nullopt;
  year_month_day date{year{field[0]}, month{static_cast<unsigned>(field[1])},
                      day{static_cast<unsigned>(field[2])}};
  if (!date.ok())
    return std::nullopt;
  auto at = sys_days(date) + hours(field[3]) + minutes(field[4]) + seconds(field[5]);
  auto made = duration_cast<seconds>(at.time_since_epoch()).count();
  return time_text(made) == text ? std::optional(made) : std::nullopt;
}

} // namespace aspen_backup
