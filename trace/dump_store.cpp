// SPDX-License-Identifier: Apache-2.0
#include "trace/dump_store.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>
#include <filesystem>

#include "base/check.hpp"
#include "trace/dump_file.hpp"

namespace trace {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".trace";

/// A date that sorts as text: "20261123T175800.123Z".
std::string stamp_of_now() {
  auto now = std::chrono::system_clock::now();
  auto seconds = std::chrono::system_clock::to_time_t(now);
  auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  auto length = std::strftime(text, sizeof text, "%Y%m%dT%H%M%S", &utc);
  auto fraction = std::to_string(1000 + milliseconds).substr(1);
  return std::string(text, length) + "." + fraction + "Z";
}

std::string file_name_of(std::string_view reason) {
  std::string name = stamp_of_now() + "-";
  for (unsigned char each : reason.substr(0, 64))
    name += std::islower(each) || std::isdigit(each) ? static_cast<char>(each) : '-';
  return name + std::string(extension);
}

std::string how_it_ended(std::uint64_t ended) {
  if (ended == ended_in_order)
    return "last-run";
  return ended == 0 ? "killed" : "signal-" + std::to_string(ended);
}

} // namespace

dump_store::dump_store(std::string directory, std::size_t dumps_kept)
  : directory_(std::move(directory)), dumps_kept_(dumps_kept) {
  BASE_CHECK(dumps_kept_ > 0, "a dump that is written is kept");
}

base::result<ring_memory> dump_store::make_ring(std::size_t bytes) {
  std::error_code error;
  if (fs::create_directories(directory_, error))
    fs::permissions(directory_, fs::perms::owner_all, error);
  if (error)
    return base::fail(base::errc::io, "make " + directory_ + ": " + error.message());
  keep_last_ring();
  auto made = ring_memory::in_file(ring_path(), bytes);
  // What happens from now on is worth more than the oldest dumps, not more than the last.
  for (auto kept = list_dumps(directory_).size();
       !made && made.error().code == base::errc::storage_full && kept > 1; --kept) {
    remove_oldest(kept - 1);
    made = ring_memory::in_file(ring_path(), bytes);
  }
  return made;
}

void dump_store::keep_last_ring() {
  auto last = read_ring_file(ring_path());
  if (!last)
    return; // none, or nothing that could be read again later
  std::error_code ignored;
  auto name = file_name_of(how_it_ended(last->ended));
  // A name of its own, no copy: it is there on a full disk, too.
  fs::rename(ring_path(), directory_ + "/" + name, ignored);
  remove_oldest(dumps_kept_);
}

base::result<std::string> dump_store::write(const recording& what, std::string_view reason) {
  auto name = file_name_of(reason);
  if (auto written = write_dump_file(directory_ + "/" + name, what); !written)
    return base::fail(written.error());
  // One reason that comes again and again must not push out what was kept for others.
  auto same = list_dumps(directory_);
  auto ending = name.substr(name.find('-'));
  std::erase_if(same, [&](const dump_entry& each) { return !each.name.ends_with(ending); });
  for (std::size_t i = std::max<std::size_t>(1, dumps_kept_ / 4); i < same.size(); ++i)
    remove(same[i]);
  remove_oldest(dumps_kept_);
  return name;
}

std::vector<dump_entry> list_dumps(const std::string& directory) {
  std::vector<dump_entry> found;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    if (auto name = it->path().filename().string(); name.ends_with(extension))
      found.push_back({name, it->file_size(error)});
  std::sort(found.begin(), found.end(),
            [](const dump_entry& left, const dump_entry& right) { return left.name > right.name; });
  return found;
}

base::result<std::string> dump_store::path_of(std::string_view name) const {
  for (const auto& each : list_dumps(directory_))
    if (each.name == name)
      return directory_ + "/" + each.name;
  return base::fail(base::errc::not_found, "no dump is called " + std::string(name));
}

void dump_store::remove_oldest(std::size_t kept) const {
  auto all = list_dumps(directory_);
  for (std::size_t i = kept; i < all.size(); ++i)
    remove(all[i]);
}

void dump_store::remove(const dump_entry& what) const {
  std::error_code ignored;
  fs::remove(directory_ + "/" + what.name, ignored);
}

} // namespace trace
