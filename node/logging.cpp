// SPDX-License-Identifier: Apache-2.0
#include "node/logging.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/check.hpp"
#include "base/log.hpp"

namespace node {

namespace {

constexpr const char* target = "aspen::log";

using file_sink = std::shared_ptr<spdlog::sinks::basic_file_sink_mt>;

spdlog::level::level_enum to_spdlog(base::log::level value) {
  switch (value) {
  case base::log::level::trace: return spdlog::level::trace;
  case base::log::level::debug: return spdlog::level::debug;
  case base::log::level::info: return spdlog::level::info;
  case base::log::level::warn: return spdlog::level::warn;
  default: return spdlog::level::err;
  }
}

base::result<file_sink> open_file(const std::string& path) {
  // What is wrong with the directory, the open says.
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  // Made here, because spdlog leaves the mode to the umask. O_APPEND: two writers, after
  // a rotation, never write over each other.
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0)
    return base::fail(base::errc::io, fmt::format("log file {}: {}", path, std::strerror(errno)));
  ::close(file);
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  } catch (const spdlog::spdlog_ex& error) {
    return base::fail(base::errc::io, fmt::format("log file {}: {}", path, error.what()));
  }
}

/// Null for no name.
base::result<file_sink> open_if_named(const std::string& path) {
  return path.empty() ? base::result<file_sink>(nullptr) : open_file(path);
}

} // namespace

/// The logger of now. A reopened file is a new logger, so that a line on its way into
/// the old one gets there.
class log_output::sinks {
public:
  explicit sinks(file_sink file) { replace(std::move(file)); }

  void write(base::log::level level, std::string_view line) {
    std::shared_ptr<spdlog::logger> logger;
    {
      std::lock_guard guard(mutex_);
      logger = logger_;
    }
    logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }

  /// From here on into `file`; null: stderr alone.
  void replace(file_sink file) {
    auto logger = std::make_shared<spdlog::logger>("aspen", stderr_);
    if (file)
      logger->sinks().push_back(std::move(file));
    // The line is complete when it comes here, filtered and formatted.
    logger->set_pattern("%v", spdlog::pattern_time_type::utc);
    logger->set_level(spdlog::level::trace);
    // What was logged before a kill -9 is in the file.
    logger->flush_on(spdlog::level::trace);
    std::lock_guard guard(mutex_);
    logger_ = std::move(logger);
  }

private:
  const spdlog::sink_ptr stderr_ = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  std::mutex mutex_;
  std::shared_ptr<spdlog::logger> logger_;
};

log_output::log_output(const log_settings& chosen, std::shared_ptr<sinks> where)
  : where_(std::move(where)), configured_(chosen), filter_(chosen.filter) {}
log_output::~log_output() = default;

base::result<std::unique_ptr<log_output>> log_output::open(const log_settings& chosen) {
  auto filter = base::log::filter::parse(chosen.filter);
  if (!filter)
    return base::fail(filter.error().within("log.filter"));
  auto file = open_if_named(chosen.file);
  if (!file)
    return base::fail(file.error());
  auto where = std::make_shared<sinks>(std::move(*file));
  auto opened = std::unique_ptr<log_output>(new log_output(chosen, std::move(where)));
  opened->put_in_force(chosen.filter);
  return opened;
}

/// Requires: `filter` is a good one; `mutex_` is held, but for the first call.
void log_output::put_in_force(const std::string& filter) {
  auto parsed = base::log::filter::parse(filter);
  BASE_CHECK(parsed, "a filter was checked before it comes into force");
  // Said under the filter that lets it through: none that silences the node comes unannounced.
  auto announce = [&] {
    base::log::info(target, "log filter changed", {{"old", filter_}, {"new", filter}});
  };
  bool is_news = filter != filter_;
  bool is_heard_before = base::log::enabled(base::log::level::info, target);
  if (is_news && is_heard_before)
    announce();
  base::log::configure(std::move(*parsed), configured_.format,
                       [where = where_](base::log::level level, std::string_view line) {
                         where->write(level, line);
                       });
  if (is_news && !is_heard_before)
    announce();
  filter_ = filter;
}

base::status log_output::reopen() {
  std::lock_guard guard(mutex_);
  auto file = open_if_named(configured_.file);
  if (!file)
    return base::fail(file.error());
  where_->replace(std::move(*file));
  return {};
}

base::status log_output::change(const log_settings& next) {
  std::lock_guard guard(mutex_);
  auto file = open_if_named(next.file);
  if (!file)
    return base::fail(file.error());
  where_->replace(std::move(*file));
  auto filter = next.filter == configured_.filter ? filter_ : next.filter;
  configured_ = next;
  put_in_force(filter_); // the new form, before a word about the filter
  put_in_force(filter);
  return {};
}

base::status log_output::set_filter(std::string_view directives) {
  auto parsed = base::log::filter::parse(directives);
  if (!parsed)
    return base::fail(parsed.error());
  std::lock_guard guard(mutex_);
  put_in_force(std::string(directives));
  return {};
}

void log_output::reset_filter() {
  std::lock_guard guard(mutex_);
  put_in_force(configured_.filter);
}

std::string log_output::filter() const {
  std::lock_guard guard(mutex_);
  return filter_;
}

std::string log_output::configured_filter() const {
  std::lock_guard guard(mutex_);
  return configured_.filter;
}

} // namespace node
