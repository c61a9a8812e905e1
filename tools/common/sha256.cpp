// SPDX-License-Identifier: Apache-2.0
#include "tools/common/sha256.hpp"

#include <array>
#include <stdexcept>

#include <openssl/evp.h>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "storage/transfer_file.hpp"

namespace tools {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

void require(int outcome) {
  if (outcome != 1)
    throw std::runtime_error("OpenSSL does not compute SHA-256");
}

} // namespace

struct sha256::context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> handle{EVP_MD_CTX_new(),
                                                                 &EVP_MD_CTX_free};
};

sha256::sha256() : context_(std::make_unique<context>()) {
  require(context_->handle != nullptr ? 1 : 0);
  require(EVP_DigestInit_ex(context_->handle.get(), EVP_sha256(), nullptr));
}

sha256::~sha256() = default;
sha256::sha256(sha256&&) noexcept = default;
sha256& sha256::operator=(sha256&&) noexcept = default;

void sha256::add(std::string_view bytes) {
  require(EVP_DigestUpdate(context_->handle.get(), bytes.data(), bytes.size()));
}

std::string sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(context_->handle.get(), digest.data(), &size));
  return base::to_hex(base::byte_view(reinterpret_cast<const char*>(digest.data()), size));
}

base::result<std::string> sha256_of_file(const std::string& path,
                                         const std::function<void(std::uint64_t)>& on_bytes) {
  auto file = storage::source_file::open(path);
  if (!file)
    return base::fail(file.error());
  sha256 sum;
  for (std::uint64_t offset = 0;;) {
    auto piece = file->read(offset, piece_bytes);
    if (!piece)
      return base::fail(piece.error().within(path));
    if (piece->empty())
      return sum.finish();
    sum.add(*piece);
    offset += piece->size();
    if (on_bytes)
      on_bytes(offset);
  }
}

} // namespace tools
