// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed_record.hpp"

#include "base/crc32c.hpp"

namespace storage {

using base::errc;

namespace {

std::uint32_t checksum_of(base::byte_view covered, const base::uuid& log_uuid,
                          std::string_view name) {
  base::bytes prefix;
  log_uuid.append_to(prefix);
  prefix += name;
  return base::crc32c(covered, base::crc32c(prefix));
}

} // namespace

void seal_record(base::bytes& record, const base::uuid& log_uuid, std::string_view name) {
  base::put_little(record, checksum_of(record, log_uuid, name));
}

base::result<base::byte_view> unseal_record(base::byte_view record, const base::uuid& log_uuid,
                                            std::string_view name) {
  if (record.size() < record_envelope_bytes)
    return base::fail(errc::corrupt, "a record of " + std::to_string(record.size()) + " bytes");
  auto covered = record.substr(0, record.size() - sizeof(std::uint32_t));
  base::byte_reader tail(record.substr(covered.size()));
  auto stored = tail.little<std::uint32_t>();
  auto computed = checksum_of(covered, log_uuid, name);
  if (stored != computed)
    return base::fail(errc::corrupt, "checksum " + std::to_string(stored) + " stored, "
                                         + std::to_string(computed) + " computed");
  auto version = static_cast<std::uint8_t>(covered[0]);
  if (version != record_format)
    return base::fail(errc::incompatible, "record format " + std::to_string(version)
                                              + " found, this program knows "
                                              + std::to_string(record_format));
  return covered.substr(1);
}

} // namespace storage
