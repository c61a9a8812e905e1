// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/uuid.hpp"

/// The envelope of everything in the log's file: the record's format version first, a
/// CRC32C last. The checksum covers the log's uuid, the record's name and all bytes
/// before it, so that a record of another log, or one in another's place, is noticed.
/// Version and checksum keep their places in every version: damage never looks like
/// the future. Pure.
namespace storage {

inline constexpr std::uint8_t record_format = 1;
/// Version and checksum.
inline constexpr std::size_t record_envelope_bytes = 5;

/// Makes `record`, which begins with the version, complete. Entries have no name.
void seal_record(base::bytes& record, const base::uuid& log_uuid, std::string_view name = {});

/// What stands between version and checksum; points into `record`.
/// Errors: `corrupt` for a bad checksum; `incompatible` for another version, naming both.
base::result<base::byte_view> unseal_record(base::byte_view record, const base::uuid& log_uuid,
                                            std::string_view name = {});

} // namespace storage
