// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "storage/types.hpp"

/// What a command entry means to the state machine: the payload of
/// `raft::entry_kind::command`. Format in docs/on_disk.md.
namespace storage {

/// The row must not exist.
struct must_be_absent {};
/// The row must exist with exactly this mod revision.
struct must_be_at {
  storage::revision revision;
};
/// The row must exist, at whatever revision (`If-Match: *`).
struct must_exist {};
using precondition = std::variant<std::monostate, must_be_absent, must_be_at, must_exist>;

struct set_operation {
  std::string key;
  base::bytes value;
};
struct delete_operation {
  std::string key;
};
using operation = std::variant<set_operation, delete_operation>;

/// All operations or none, in order. A precondition speaks of the first operation's key.
struct command {
  std::vector<operation> operations;
  storage::precondition precondition;

  bool is_conditional() const { return precondition.index() != 0; }
};

/// What applying a command did.
struct command_done {
  storage::revision revision; ///< the entry's index
  std::uint64_t rows_deleted = 0;
};
/// The precondition did not hold: nothing changed. `current` is zero for no row.
struct precondition_failed {
  storage::revision current;
};
using command_result = std::variant<command_done, precondition_failed>;

base::bytes encode(const command& what);
/// Errors: `corrupt`, naming the offset, for anything `encode` cannot have made.
base::result<command> decode_command(base::byte_view bytes);

/// 1–1024 bytes of valid UTF-8 without NUL.
/// Errors: `invalid` naming what is wrong and where; `limit` naming both numbers.
base::status check_key(std::string_view key);

} // namespace storage
