// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/cross_check.hpp"
#include "supervisor/store_prints.hpp"

/// What a refusal leaves in the data directory, so that it stands at the next start too (two
/// stores, one truth: rule 26; INV-108): one JSON file, made to be read by a person.
namespace supervisor {

inline constexpr const char* quarantine_file = "quarantine.json";

struct quarantine_record {
  std::chrono::system_clock::time_point written{};
  /// As whose stores they were checked and by what: "node 1, backend sqlite, aspen 1.0 (abc)".
  /// Another question deserves another answer: the record binds this one alone.
  std::string checked_as;
  std::vector<file_print> files;
  storage::check_report report;
};

/// The record of one data directory. Blocks on the disk; one thread at a time.
class quarantine {
public:
  /// `directory` exists. At most 10 records that were put away are kept there.
  explicit quarantine(std::string directory) : directory_(std::move(directory)) {}

  std::string path() const;

  /// Errors: `not_found`; `corrupt`, when it is there and cannot be understood; `io`.
  base::result<quarantine_record> read() const;
  /// Durable when it returns; in place of any former one.
  base::status write(const quarantine_record& record) const;
  /// Keeps it under another name, with the time: "quarantine-20261123T174000Z.json". A missing
  /// one is fine.
  base::status put_away(std::chrono::system_clock::time_point now) const;

private:
  void forget_the_oldest() const;

  std::string directory_;
};

/// The same refusal again, and that it comes from the record at `path`.
storage::check_report refusal_of(const quarantine_record& record, const std::string& path);
/// A record that nobody can read binds whatever stands there.
storage::check_report refusal_of_unreadable(const base::error& why, const std::string& path);

} // namespace supervisor
