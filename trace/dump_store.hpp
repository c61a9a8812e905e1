// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "trace/recording.hpp"
#include "trace/ring_memory.hpp"

namespace trace {

struct dump_entry {
  std::string name; ///< "20261123T175800.123Z-meltdown.trace"
  std::uint64_t bytes = 0;
  std::string trigger; ///< what had it kept: "meltdown"; of the ring of a process how that ended
  std::string reason;  ///< in words; empty: unknown
};

/// The name of the file that is kept now of `trigger`: lower-case letters, digits, dashes; all else
/// becomes a dash.
std::string name_of_dump(std::string_view trigger);

/// The dumps in a folder, the newest first; none where there is no folder. Any thread.
std::vector<dump_entry> list_dumps(const std::string& directory);

/// The folder of a node's recordings: the ring of the running process, and the dumps that
/// were kept of earlier moments. One process at a time; its functions from one thread.
class dump_store {
public:
  /// Of more than `dumps_kept` dumps the oldest go. `directory` is made when a ring is.
  /// Requires: `dumps_kept` above zero.
  dump_store(std::string directory, std::size_t dumps_kept);

  /// Keeps the ring of the process before as a dump, named by how that ended ("killed",
  /// "signal-11", "last-run"), and makes a new one; without room for it older dumps go, but
  /// not the newest. Errors: `storage_full`, `io`: then the dump may have been kept, and no
  /// ring is there.
  base::result<ring_memory> make_ring(std::size_t bytes);

  /// Writes `what`, with its reason, as the file `name`, one of `name_of_dump`. No more than a quarter
  /// of all dumps are of one trigger. Errors: `storage_full`, `io`; nothing is left.
  base::status write(const recording& what, const std::string& name);

  /// The path of a dump in the list. Errors: `not_found`.
  base::result<std::string> path_of(std::string_view name) const;

private:
  void keep_last_ring();
  void remove_oldest(std::size_t kept) const;
  void remove(const std::string& name) const;
  std::string ring_path() const { return directory_ + "/ring"; }

  std::string directory_;
  std::size_t dumps_kept_;
};

} // namespace trace
