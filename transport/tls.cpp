// SPDX-License-Identifier: Apache-2.0
#include "transport/tls.hpp"

#include <filesystem>

#include <asio/ssl/error.hpp>

#include "transport/certificates.hpp"
#include "transport/openssl_handles.hpp"

namespace transport {

namespace {

base::status wrong(const std::filesystem::path& file, const std::string& what) {
  return base::fail(base::errc::invalid, file.string() + ": " + what);
}

base::status must_exist(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_regular_file(file, error))
    return {};
  return base::fail(base::errc::not_found,
                    file.string() + ": " + (error ? error.message() : "is not a file"));
}

// Tickets and sessions would let a connection begin without showing a certificate.
void harden(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                                   | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_verify_depth(context, 4);
}

// As a peer would verify it in that role; the reason it would give, or nothing.
std::string verify_as(SSL_CTX* context, int purpose) {
  openssl::store_context check(X509_STORE_CTX_new());
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  auto* own = SSL_CTX_get0_certificate(context);
  if (!check || X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context), own, chain) != 1)
    return openssl::last_error();
  X509_STORE_CTX_set_purpose(check.get(), purpose);
  if (X509_verify_cert(check.get()) == 1)
    return {};
  ERR_clear_error();
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
}

bool names(X509* certificate, raft::server_id id) {
  auto name = certificate_name(id);
  return X509_check_host(certificate, name.data(), name.size(),
                         X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                         nullptr)
         == 1;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& each : names)
    text += (text.empty() ? "" : ", ") + each;
  return text.empty() ? "nothing" : text;
}

} // namespace

std::string certificate_name(raft::server_id id) {
  return "aspen-node-" + std::to_string(id.value);
}

tls_context::tls_context() : context_(asio::ssl::context::tls) {}

base::result<std::shared_ptr<tls_context>> tls_context::load(const tls_files& files,
                                                             raft::server_id self) {
  for (const auto& file : {files.authority, files.certificate, files.key})
    if (auto there = must_exist(file); !there)
      return base::fail(there.error());
  std::shared_ptr<tls_context> made(new tls_context());
  ERR_clear_error();
  harden(made->context_.native_handle());
  if (auto read = made->read(files); !read)
    return base::fail(read.error());
  if (auto fits = made->try_out(files, self); !fits)
    return base::fail(fits.error());
  return made;
}

base::status tls_context::read(const tls_files& files) {
  auto* context = context_.native_handle();
  if (SSL_CTX_load_verify_locations(context, files.authority.c_str(), nullptr) != 1)
    return wrong(files.authority, "no certificates in PEM form: " + openssl::last_error());
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return wrong(files.certificate, "no certificate in PEM form: " + openssl::last_error());
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return wrong(files.key,
                 "no private key for " + files.certificate.string() + ": " + openssl::last_error());
  if (SSL_CTX_check_private_key(context) != 1)
    return wrong(files.key, "is not the key of " + files.certificate.string());
  return {};
}

base::status tls_context::try_out(const tls_files& files, raft::server_id self) {
  auto* context = context_.native_handle();
  auto* own = SSL_CTX_get0_certificate(context);
  for (int purpose : {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT})
    if (auto why = verify_as(context, purpose); !why.empty())
      return wrong(files.certificate,
                   "peers that trust " + files.authority.string() + " will refuse it: " + why);
  if (!names(own, self))
    return wrong(files.certificate,
                 "does not name " + certificate_name(self) + ", but " + join(names_of(*own)));
  not_after_ = not_after_of(*own);
  return {};
}

base::status check_certificate_name(SSL* connection, raft::server_id id) {
  openssl::certificate shown(SSL_get1_peer_certificate(connection));
  if (!shown)
    return base::fail(base::errc::invalid, "no certificate was shown");
  if (names(shown.get(), id))
    return {};
  return base::fail(base::errc::invalid, "the certificate of server " + std::to_string(id.value)
                                             + " does not name " + certificate_name(id) + ", but "
                                             + join(names_of(*shown)));
}

std::string explain_tls_error(const std::error_code& error, SSL* connection) {
  if (error.category() != asio::error::get_ssl_category())
    return error == asio::ssl::error::stream_truncated ? "closed by the other side"
                                                       : error.message();
  auto code = static_cast<unsigned long>(error.value());
  int reason = ERR_GET_REASON(code);
  // Alerts of the other side stand above this number (openssl/ssl.h, SSL_AD_REASON_OFFSET).
  if (reason >= 1000)
    return "the other side refuses this server's certificate or TLS: " + error.message();
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return std::string("the other side's certificate is refused: ")
           + X509_verify_cert_error_string(SSL_get_verify_result(connection));
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return "the other side shows no certificate";
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST)
    return "the other side does not speak TLS";
  return error.message();
}

} // namespace transport
