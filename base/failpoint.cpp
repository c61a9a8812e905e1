// SPDX-License-Identifier: Apache-2.0
#include "base/failpoint.hpp"

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "base/check.hpp"

namespace base::failpoint {

std::atomic<int> armed_count{0};

namespace {

using std::chrono::milliseconds;

enum class action { off, raise, check, crash, kill, hang, slow, eio };

struct point {
  action what = action::off;
  std::optional<std::uint64_t> left; ///< none: without end
  milliseconds slowness{0};
  std::string text;
  std::uint64_t hits = 0;
};

std::mutex mutex;

std::map<std::string, point, std::less<>>& points() {
  static std::map<std::string, point, std::less<>> all;
  return all;
}

void count_armed() {
  int count = 0;
  for (const auto& [name, each] : points())
    count += each.what != action::off ? 1 : 0;
  armed_count.store(count, std::memory_order_relaxed);
}

/// What is to be done there now; one time of a count is taken.
point take(std::string_view name, bool wants_error) {
  std::lock_guard guard(mutex);
  auto found = points().find(name);
  if (found == points().end() || (found->second.what == action::eio) != wants_error)
    return {};
  auto& here = found->second;
  if (here.what == action::off)
    return {};
  ++here.hits;
  auto taken = here;
  if (here.left && --*here.left == 0) {
    here.what = action::off;
    count_armed();
  }
  return taken;
}

bool still_hangs(std::string_view name) {
  std::lock_guard guard(mutex);
  auto found = points().find(name);
  return found != points().end() && found->second.what == action::hang;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::optional<point> parse(std::string_view text) {
  point made;
  made.text = text;
  if (auto star = text.find('*'); star != std::string_view::npos) {
    made.left = number_of(text.substr(0, star));
    if (!made.left || *made.left == 0)
      return std::nullopt;
    text.remove_prefix(star + 1);
  }
  const std::pair<std::string_view, action> plain[] = {
      {"off", action::off},     {"throw", action::raise}, {"check", action::check},
      {"crash", action::crash}, {"kill", action::kill},   {"hang", action::hang},
      {"eio", action::eio}};
  for (const auto& [name, what] : plain)
    if (text == name) {
      made.what = what;
      return made;
    }
  if (!text.starts_with("slow(") || !text.ends_with(")"))
    return std::nullopt;
  auto time = number_of(text.substr(5, text.size() - 6));
  if (!time)
    return std::nullopt;
  made.what = action::slow;
  made.slowness = milliseconds(*time);
  return made;
}

base::status arm_one(std::string_view part) {
  while (part.starts_with(' ') || part.starts_with('\n'))
    part.remove_prefix(1);
  while (part.ends_with(' ') || part.ends_with('\n'))
    part.remove_suffix(1);
  if (part.empty())
    return {};
  auto equals = part.find('=');
  auto made = equals == std::string_view::npos ? std::nullopt : parse(part.substr(equals + 1));
  if (!made)
    return base::fail(base::errc::invalid, "no failpoint: '" + std::string(part) + "'");
  std::lock_guard guard(mutex);
  auto& here = points()[std::string(part.substr(0, equals))];
  made->hits = here.hits;
  here = std::move(*made);
  count_armed();
  return {};
}

} // namespace

void hit(std::string_view group, std::string_view name) {
  auto full = std::string(group) + "." + std::string(name);
  auto here = take(full, false);
  switch (here.what) {
  case action::off:
  case action::eio: return;
  case action::raise: throw std::runtime_error("failpoint " + full);
  case action::check: BASE_CHECK(here.what == action::off, "failpoint " + full); return;
  case action::crash:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    ::signal(SIGSEGV, SIG_DFL); // its handler would turn it into an exit status
#endif
    ::raise(SIGSEGV);
    return;
  case action::kill: ::kill(::getpid(), SIGKILL); return;
  case action::slow: std::this_thread::sleep_for(here.slowness); return;
  case action::hang:
    while (still_hangs(full))
      std::this_thread::sleep_for(milliseconds(10));
    return;
  }
}

bool fails(std::string_view name) {
  return take(name, true).what == action::eio;
}

base::status arm(std::string_view what) {
  for (;;) {
    auto end = what.find(';');
    if (auto done = arm_one(what.substr(0, end)); !done)
      return done;
    if (end == std::string_view::npos)
      return {};
    what.remove_prefix(end + 1);
  }
}

base::status arm_from_environment() {
  const char* what = std::getenv("ASPEN_FAILPOINTS");
  return what == nullptr ? base::status{} : arm(what);
}

std::string describe() {
  std::lock_guard guard(mutex);
  std::string text;
  for (const auto& [name, each] : points())
    text += name + "=" + (each.what == action::off ? "off" : each.text) + ", hit "
            + std::to_string(each.hits) + " times\n";
  return text;
}

} // namespace base::failpoint
