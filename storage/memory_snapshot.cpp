// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_snapshot.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/limits.hpp"
#include "storage/files.hpp"
#include "storage/plain_files.hpp"
#include "storage/system_error.hpp"

namespace storage {

namespace {

constexpr std::string_view magic = "aspen memory state 1\n";
constexpr std::uint64_t rows_between_questions = 4096;

void put_text(base::bytes& out, std::string_view text) {
  base::put_little(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

/// A file that is written from its start to its end.
class output_file {
public:
  explicit output_file(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_WRONLY | O_CLOEXEC)) {}
  ~output_file() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  /// Writes what has gathered, and forgets it.
  base::status write(base::bytes& gathered) {
    for (base::byte_view rest = gathered; !rest.empty();) {
      auto count = ::write(descriptor_, rest.data(), rest.size());
      if (count < 0 && errno != EINTR)
        return base::fail(system_error(errno, "write " + path_));
      rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    gathered.clear();
    return {};
  }

private:
  std::string path_;
  int descriptor_;
};

base::status write_state(const memory_state& state, const std::string& path,
                         const snapshot_watch& watch) {
  output_file file(path);
  base::bytes gathered(magic);
  auto values = to_values(state.cluster_id, state.meta);
  base::put_little(gathered, static_cast<std::uint32_t>(values.size()));
  for (const auto& [key, value] : values) {
    put_text(gathered, key);
    put_text(gathered, value);
  }
  base::put_little(gathered, static_cast<std::uint64_t>(state.rows.size()));
  for (const auto& [key, row] : state.rows) {
    put_text(gathered, key);
    base::put_little(gathered, row.mark.create_revision.value);
    base::put_little(gathered, row.mark.mod_revision.value);
    base::put_little(gathered, row.mark.version);
    put_text(gathered, row.value);
    if (gathered.size() < base::limits::mebibyte)
      continue;
    if (!watch.may_go_on())
      return base::fail(base::errc::interrupted, "the copy was stopped");
    if (auto done = file.write(gathered); !done)
      return done;
  }
  return file.write(gathered);
}

base::result<base::bytes> read_file(const std::string& path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return base::fail(system_error(errno, "open " + path));
  base::bytes content(file_size(path), '\0');
  std::size_t filled = 0;
  ssize_t count = 1;
  while (filled < content.size() && count != 0) {
    count = ::read(descriptor, content.data() + filled, content.size() - filled);
    if (count < 0 && errno != EINTR)
      break;
    filled += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  }
  auto failure = system_error(errno, "read " + path);
  ::close(descriptor);
  if (count < 0)
    return base::fail(std::move(failure));
  content.resize(filled);
  return content;
}

base::byte_view take_text(base::byte_reader& from) {
  return from.take(from.little<std::uint32_t>());
}

base::result<replicated_values> take_meta(base::byte_reader& from) {
  value_table values;
  auto count = from.little<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && from.ok(); ++i) {
    auto key = take_text(from);
    values.insert_or_assign(std::string(key), std::string(take_text(from)));
  }
  if (!from.ok() || !is_sealed(values))
    return base::fail(base::errc::corrupt, "INV-55: the replicated values do not match their seal");
  return replicated_from(values);
}

base::result<memory_rows> take_rows(base::byte_reader& from, const state_meta& meta,
                                    const snapshot_watch& watch) {
  memory_rows rows;
  state_digest sum;
  auto count = from.little<std::uint64_t>();
  for (std::uint64_t i = 0; i < count && from.ok(); ++i) {
    if (i % rows_between_questions == 0 && !watch.may_go_on())
      return base::fail(base::errc::interrupted, "the verification was stopped");
    auto key = std::string(take_text(from));
    memory_row row;
    row.mark.create_revision = revision{from.little<std::uint64_t>()};
    row.mark.mod_revision = revision{from.little<std::uint64_t>()};
    row.mark.version = from.little<std::uint64_t>();
    row.value = base::bytes(take_text(from));
    row.digest = row_digest(key, row.mark, row.value);
    add(sum, row.digest);
    rows.insert_or_assign(std::move(key), std::move(row));
  }
  if (!from.at_end() || rows.size() != count || sum != meta.digest)
    return base::fail(base::errc::corrupt, "INV-56: the digest of all rows is " + to_hex(sum)
                                               + ", the recorded one is " + to_hex(meta.digest));
  return rows;
}

} // namespace

base::result<snapshot_report> write_memory_snapshot(const memory_state& state,
                                                    const std::string& path,
                                                    const snapshot_watch& watch) {
  auto partial = path + ".partial";
  if (auto made = make_private_file(partial); !made)
    return base::fail(made.error());
  if (auto written = write_state(state, partial, watch); !written)
    return base::fail(written.error());
  snapshot_report report{state.meta, state.rows.size(), file_size(partial)};
  if (auto renamed = sync_and_rename(partial, path); !renamed)
    return base::fail(renamed.error());
  return report;
}

base::result<memory_state> read_memory_snapshot(const std::string& path,
                                                const snapshot_watch& watch) {
  auto content = read_file(path);
  if (!content)
    return base::fail(content.error());
  base::byte_reader from(*content);
  if (from.take(magic.size()) != magic)
    return base::fail(base::errc::incompatible,
                      path + " is not a snapshot of the inmemory backend");
  auto recorded = take_meta(from);
  if (!recorded)
    return base::fail(recorded.error().within(path));
  auto rows = take_rows(from, recorded->meta, watch);
  if (!rows)
    return base::fail(rows.error().within(path));
  return memory_state{recorded->cluster_id, std::move(recorded->meta), std::move(*rows)};
}

base::result<snapshot_report> prepare_memory_install(const std::string& partial,
                                                     const std::string& ready,
                                                     const identity& identity,
                                                     const snapshot_watch& watch) {
  auto state = read_memory_snapshot(partial, watch);
  if (!state)
    return base::fail(state.error().within("install"));
  if (state->cluster_id != identity.cluster_id)
    return base::fail(base::errc::incompatible, "the snapshot is of another cluster");
  snapshot_report report{state->meta, state->rows.size(), file_size(partial)};
  if (auto renamed = sync_and_rename(partial, ready); !renamed)
    return base::fail(renamed.error().within("install"));
  return report;
}

} // namespace storage
