// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_journal.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>

namespace storage {

namespace {

constexpr std::string_view magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
constexpr std::size_t header_bytes = 28;
constexpr std::size_t page_bytes = 4096; ///< of every file of ours
constexpr std::size_t record_bytes = 4 + page_bytes + 4;
/// Ours holds one page; of a foreign one the first pages are enough to know it.
constexpr std::size_t looked_at_bytes_max = std::size_t{1} << 20;

std::string read_start(const std::string& path, std::size_t bytes_max) {
  std::string content(bytes_max, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return {};
  file.read(content.data(), static_cast<std::streamsize>(bytes_max));
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (auto letter : bytes.substr(at, 4))
    number = number << 8 | static_cast<unsigned char>(letter);
  return number;
}

/// SQLite ends the playback at a record that was not written whole (pager.c: pager_cksum).
bool is_whole(std::string_view record, std::uint32_t nonce) {
  auto page = record.substr(4, page_bytes);
  auto sum = nonce;
  for (auto at = page_bytes - 200; at > 0; at = at > 200 ? at - 200 : 0)
    sum += static_cast<unsigned char>(page[at]);
  return sum == number_at(record, 4 + page_bytes);
}

/// File format versions, change counter, version-valid-for and the library's version.
bool may_differ(std::size_t at) {
  return at == 18 || at == 19 || (at >= 24 && at < 28) || (at >= 92 && at < 100);
}

bool changes_only_mode(std::string_view before, std::string_view now) {
  for (std::size_t at = 0; at < page_bytes; ++at)
    if (before[at] != now[at] && !may_differ(at))
      return false;
  return true;
}

} // namespace

base::status check_rollback_journal(const std::string& database) {
  auto journal = read_start(database + "-journal", looked_at_bytes_max);
  if (journal.size() < header_bytes || !journal.starts_with(magic))
    return {}; // SQLite plays nothing back
  auto records = number_at(journal, 8);
  auto nonce = number_at(journal, 12);
  std::size_t sector = number_at(journal, 20);
  auto first_page = read_start(database, page_bytes);
  std::string_view rest = journal;
  if (records == 0 || sector > journal.size() || first_page.size() < page_bytes)
    return {};
  rest.remove_prefix(sector);
  for (; records > 0 && rest.size() >= record_bytes; --records, rest.remove_prefix(record_bytes)) {
    if (!is_whole(rest, nonce))
      return {};
    auto page = number_at(rest, 0);
    if (page != 1 || !changes_only_mode(rest.substr(4, page_bytes), first_page))
      return base::fail(base::errc::corrupt, "the rollback journal " + database
                                                 + "-journal would put an older page "
                                                 + std::to_string(page) + " in place");
  }
  return {};
}

} // namespace storage
