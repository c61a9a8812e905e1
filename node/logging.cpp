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

#include "base/log.hpp"

namespace node {

namespace {

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

} // namespace

/// The logger of now. A reopened file is a new logger, so that a line on its way into
/// the old one gets there.
class log_output::sinks {
public:
  sinks(std::string path, file_sink file) : path_(std::move(path)) { replace(std::move(file)); }

  void write(base::log::level level, std::string_view line) {
    std::shared_ptr<spdlog::logger> logger;
    {
      std::lock_guard guard(mutex_);
      logger = logger_;
    }
    logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }

  base::status reopen() {
    if (path_.empty())
      return {};
    auto file = open_file(path_);
    if (!file)
      return base::fail(file.error());
    replace(std::move(*file));
    return {};
  }

private:
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

  const std::string path_;
  const spdlog::sink_ptr stderr_ = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  std::mutex mutex_;
  std::shared_ptr<spdlog::logger> logger_;
};

log_output::log_output(std::shared_ptr<sinks> where) : where_(std::move(where)) {}
log_output::~log_output() = default;

base::result<std::unique_ptr<log_output>> log_output::open(const log_settings& chosen) {
  auto filter = base::log::filter::parse(chosen.filter);
  if (!filter)
    return base::fail(filter.error().within("log.filter"));
  file_sink file;
  if (!chosen.file.empty()) {
    auto opened = open_file(chosen.file);
    if (!opened)
      return base::fail(opened.error());
    file = std::move(*opened);
  }
  auto where = std::make_shared<sinks>(chosen.file, std::move(file));
  base::log::configure(
      std::move(*filter), chosen.format,
      [where](base::log::level level, std::string_view line) { where->write(level, line); });
  return std::unique_ptr<log_output>(new log_output(std::move(where)));
}

base::status log_output::reopen() {
  return where_->reopen();
}

} // namespace node
