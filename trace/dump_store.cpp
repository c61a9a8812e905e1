// SPDX-License-Identifier: Apache-2.0
#include "trace/dump_store.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <functional>

#include <string.h>

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

/// "meltdown" of a dump's name.
std::string trigger_of(std::string_view name) {
  auto dash = name.find('-');
  auto trigger = name.substr(dash == std::string_view::npos ? 0 : dash + 1);
  trigger.remove_suffix(std::min(trigger.size(), extension.size()));
  return std::string(trigger);
}

std::string how_it_ended(std::uint64_t ended) {
  if (ended == ended_in_order)
    return "last-run";
  return ended == 0 ? "killed" : "signal-" + std::to_string(ended);
}

/// Why it was kept: as was said then, else by how its process ended.
std::string reason_of(const std::string& path) {
  auto head = read_ring_head(path);
  if (!head)
    return {};
  if (!head->reason.empty())
    return head->reason;
  if (head->ended == ended_in_order)
    return "the process before ended in order";
  if (head->ended == 0)
    return "the process before ended without a word: killed, or ended at once";
  const char* words = ::sigabbrev_np(static_cast<int>(head->ended));
  return "the process before ended by signal " + std::to_string(head->ended)
         + (words ? ", SIG" + std::string(words) : std::string());
}

/// The names of the dumps, the newest first, without a look into them.
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    if (auto name = it->path().filename().string(); name.ends_with(extension))
      found.push_back(name);
  std::ranges::sort(found, std::ranges::greater());
  return found;
}

} // namespace

std::string name_of_dump(std::string_view trigger) {
  std::string name = stamp_of_now() + "-";
  for (unsigned char each : trigger.substr(0, 64))
    name += std::islower(each) || std::isdigit(each) ? static_cast<char>(each) : '-';
  return name + std::string(extension);
}

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
  for (auto kept = names_in(directory_).size();
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
  auto name = name_of_dump(how_it_ended(last->ended));
  // A name of its own, no copy: it is there on a full disk, too.
  fs::rename(ring_path(), directory_ + "/" + name, ignored);
  remove_oldest(dumps_kept_);
}

base::status dump_store::write(const recording& what, const std::string& name) {
  if (auto written = write_dump_file(directory_ + "/" + name, what); !written)
    return written;
  // One trigger that comes again and again must not push out what was kept for others.
  auto same = names_in(directory_);
  std::erase_if(same, [wanted = trigger_of(name)](const std::string& each) {
    return trigger_of(each) != wanted;
  });
  for (std::size_t i = std::max<std::size_t>(1, dumps_kept_ / 4); i < same.size(); ++i)
    remove(same[i]);
  remove_oldest(dumps_kept_);
  return {};
}

std::vector<dump_entry> list_dumps(const std::string& directory) {
  std::vector<dump_entry> found;
  for (auto& name : names_in(directory)) {
    auto path = directory + "/" + name;
    std::error_code gone;
    auto bytes = fs::file_size(path, gone);
    if (!gone)
      found.push_back({name, bytes, trigger_of(name), reason_of(path)});
  }
  return found;
}

base::result<std::string> dump_store::path_of(std::string_view name) const {
  for (const auto& each : names_in(directory_))
    if (each == name)
      return directory_ + "/" + each;
  return base::fail(base::errc::not_found, "no dump is called " + std::string(name));
}

void dump_store::remove_oldest(std::size_t kept) const {
  auto all = names_in(directory_);
  for (std::size_t i = kept; i < all.size(); ++i)
    remove(all[i]);
}

void dump_store::remove(const std::string& name) const {
  std::error_code ignored;
  fs::remove(directory_ + "/" + name, ignored);
}

} // namespace trace
