// SPDX-License-Identifier: Apache-2.0
// A snapshot file of the whole state, beside a plain copy of a file of that size.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/limits.hpp"
#include "bench/figure.hpp"
#include "bench/workload.hpp"

namespace bench {

namespace {

class file {
public:
  file(const std::filesystem::path& path, int flags) : number_(::open(path.c_str(), flags, 0600)) {
    check(number_);
  }
  ~file() { ::close(number_); }
  file(const file&) = delete;
  file& operator=(const file&) = delete;

  int number() const { return number_; }
  static std::size_t check(ssize_t outcome) {
    if (outcome < 0)
      throw std::system_error(errno, std::generic_category(), "plain copy");
    return static_cast<std::size_t>(outcome);
  }

private:
  int number_;
};

/// Reads and writes in pieces of a MiB, and syncs at the end.
void copy_plainly(const std::filesystem::path& from, const std::filesystem::path& to) {
  file source(from, O_RDONLY | O_CLOEXEC);
  file target(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
  std::string piece(base::limits::mebibyte, '\0');
  while (auto got = file::check(::read(source.number(), piece.data(), piece.size())))
    for (std::size_t put = 0; put < got;)
      put += file::check(::write(target.number(), piece.data() + put, got - put));
  file::check(::fsync(target.number()));
}

} // namespace

std::vector<figure> snapshot_figures(const plan& how) {
  auto count = std::to_string(how.snapshot_keys);
  progress("filling " + count + " keys");
  auto state = make_filled_state(how.directory / "snapshot.db", how.snapshot_keys);
  // The database itself must not be opened beside SQLite in this process: a snapshot of it,
  // which is of the same size, is what the plain copy reads.
  auto source = how.directory / "snapshot-source.db";
  required(state->write_snapshot(source.string()));

  auto timed = [&](auto&& work) {
    auto target = how.directory / "snapshot-target.db";
    stopwatch watch;
    watch.time([&] { work(target); });
    std::filesystem::remove(target);
    return watch.per_second(how.snapshot_keys);
  };
  auto ours = [&] {
    return timed([&](const auto& target) { required(state->write_snapshot(target.string())); });
  };
  auto plain = [&] { return timed([&](const auto& target) { copy_plainly(source, target); }); };
  return {take_turns(how,
                     {"snapshot.write",
                      "snapshot of " + count + " keys, verified and synced",
                      "/s",
                      {},
                      "plain file copy and fsync",
                      {}},
                     ours, plain)};
}

} // namespace bench
