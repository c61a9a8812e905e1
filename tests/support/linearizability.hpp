// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Whether a history of clients could have happened one operation after the other
/// (Herlihy and Wing 1990), each key being a register of its own.
namespace linearizability {

/// What a key holds; nothing when it is absent.
using content = std::optional<std::string>;

enum class operation_kind {
  get,
  put, ///< of nothing: a delete
  compare_and_put,
};

enum class operation_outcome {
  ok,
  mismatch, ///< a compare_and_put that found something else than it expected
  not_done, ///< surely without effect
  unknown,  ///< may have had its effect, may have it later, may never have it
};

/// One operation as its client saw it. Times are of one clock, in any unit; an operation
/// that returned at the very time another was invoked counts as concurrent with it.
struct operation {
  std::uint64_t client = 0;
  std::string key;
  operation_kind kind = operation_kind::get;
  operation_outcome outcome = operation_outcome::ok;
  content value;    ///< written, or, by a get, seen
  content expected; ///< of a compare_and_put
  /// What a mismatch found, if it was told; set and empty: told that the key is absent.
  std::optional<content> observed;
  std::uint64_t invoked = 0;
  std::uint64_t returned = 0; ///< of no meaning when the outcome is unknown
};

/// "put k=v by client 3 in [10, 20]: ok"
std::string to_string(const operation& what);

enum class verdict { linearizable, violated, undecided };

struct judgement {
  verdict what = verdict::linearizable;
  std::string why;             ///< for a person; empty when linearizable
  std::size_t operations = 0;  ///< that were judged
  std::size_t most_states = 0; ///< possible at one moment, over all keys
};

struct bounds {
  /// Possible (state, operations done) pairs of one key at one moment, of 48 bytes or so.
  std::size_t configurations_max = std::size_t{1} << 20;
};

/// Judges every key by itself, which is enough (Herlihy and Wing: locality). Walks along
/// the time and keeps all configurations that can still explain what was seen
/// (Wing and Gong 1993; just in time, Lowe 2017), so that memory grows with what is
/// concurrent, not with the history. Undecided, never wrong, when a bound is reached:
/// `configurations_max`, or 256 operations of one key under way at once.
judgement judge(const std::vector<operation>& history, const bounds& limits = {});

} // namespace linearizability
