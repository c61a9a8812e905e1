// SPDX-License-Identifier: Apache-2.0
#include "transport/certificates.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include <arpa/inet.h>
#include <openssl/pem.h>

#include "base/check.hpp"
#include "transport/openssl_handles.hpp"
#include "transport/private_file.hpp"
#include "transport/tls.hpp"

namespace transport {

namespace {

constexpr int days_max = 36500;
// Clocks differ: a certificate is valid a little before it is made.
constexpr long early_seconds = 300;
constexpr long seconds_per_day = 24 * 60 * 60;

base::status failed(const std::string& doing) {
  return base::fail(base::errc::invalid, doing + ": " + openssl::last_error());
}

base::status check_days(int days) {
  if (days >= 1 && days <= days_max)
    return {};
  return base::fail(base::errc::invalid, "a certificate is valid for 1 to "
                                             + std::to_string(days_max) + " days, not "
                                             + std::to_string(days));
}

// A new certificate of `subject`, without issuer, extensions and signature.
openssl::certificate blank(const std::string& subject, EVP_PKEY* key, int days) {
  openssl::certificate made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  openssl::number serial(BN_new());
  BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(made.get()));
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -early_seconds);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), days * seconds_per_day);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(subject.data()),
                             static_cast<int>(subject.size()), -1, 0);
  X509_set_pubkey(made.get(), key);
  return made;
}

bool extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  openssl::extension made(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

openssl::bio memory() {
  return openssl::bio(BIO_new(BIO_s_mem()));
}

base::bytes contents(BIO* memory) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

// The key first: a certificate without its key is of no use.
base::status write_pair(X509* certificate, const std::filesystem::path& certificate_file,
                        EVP_PKEY* key, const std::filesystem::path& key_file) {
  auto key_text = memory();
  auto certificate_text = memory();
  if (PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1
      || PEM_write_bio_X509(certificate_text.get(), certificate) != 1)
    return failed("write PEM");
  if (auto written = write_private_file(key_file, contents(key_text.get())); !written)
    return written;
  return write_private_file(certificate_file, contents(certificate_text.get()));
}

base::result<openssl::certificate> load_certificate(const std::filesystem::path& file) {
  auto bytes = read_small_file(file);
  if (!bytes)
    return base::fail(bytes.error());
  openssl::bio in(BIO_new_mem_buf(bytes->data(), static_cast<int>(bytes->size())));
  openssl::certificate read(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (!read)
    return base::fail(base::errc::invalid,
                      file.string() + ": no certificate in PEM form: " + openssl::last_error());
  return read;
}

base::result<openssl::key> load_key(const std::filesystem::path& file) {
  auto bytes = read_small_file(file);
  if (!bytes)
    return base::fail(bytes.error());
  openssl::bio in(BIO_new_mem_buf(bytes->data(), static_cast<int>(bytes->size())));
  // An empty password: OpenSSL would ask the terminal for one.
  char none[] = "";
  openssl::key read(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, none));
  if (!read)
    return base::fail(base::errc::invalid,
                      file.string()
                          + ": no unencrypted private key in PEM form: " + openssl::last_error());
  return read;
}

bool is_address(const std::string& host) {
  unsigned char parsed[16];
  return inet_pton(AF_INET, host.c_str(), parsed) == 1
         || inet_pton(AF_INET6, host.c_str(), parsed) == 1;
}

// Letters, digits, dots and dashes: nothing that OpenSSL's extension syntax would read.
bool is_name(const std::string& host) {
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.'
         && std::all_of(host.begin(), host.end(), [](unsigned char c) {
              return std::isalnum(c) != 0 || c == '.' || c == '-';
            });
}

base::result<std::string> names_to_certify(const node_certificate& what) {
  auto names = "DNS:" + certificate_name(what.id);
  for (const auto& host : what.hosts) {
    if (is_address(host))
      names += ",IP:" + host;
    else if (is_name(host))
      names += ",DNS:" + host;
    else
      return base::fail(base::errc::invalid,
                        "host \"" + host + "\" is neither a name nor an IP address");
  }
  return names;
}

struct authority {
  openssl::certificate certificate;
  openssl::key key;
};

base::result<authority> load_authority(const authority_files& files) {
  auto certificate = load_certificate(files.certificate);
  if (!certificate)
    return base::fail(certificate.error());
  auto key = load_key(files.key);
  if (!key)
    return base::fail(key.error());
  if (X509_check_ca(certificate->get()) == 0)
    return base::fail(base::errc::invalid, files.certificate.string() + " may sign nobody");
  if (X509_check_private_key(certificate->get(), key->get()) != 1)
    return base::fail(base::errc::invalid,
                      files.key.string() + " is not the key of " + files.certificate.string());
  return authority{std::move(*certificate), std::move(*key)};
}

std::int64_t to_unix(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

std::string address_text(const ASN1_OCTET_STRING& address) {
  char text[INET6_ADDRSTRLEN] = "";
  int family = ASN1_STRING_length(&address) == 4 ? AF_INET : AF_INET6;
  inet_ntop(family, ASN1_STRING_get0_data(&address), text, sizeof text);
  return text;
}

} // namespace

base::status make_authority(const authority_files& files, const std::string& name, int days) {
  if (auto good = check_days(days); !good)
    return good;
  for (const auto& file : {files.key, files.certificate})
    if (std::filesystem::exists(file))
      return base::fail(base::errc::invalid, file.string() + " exists");
  ERR_clear_error();
  openssl::key key(EVP_EC_gen("P-256"));
  if (!key)
    return failed("make a key");
  auto made = blank(name, key.get(), days);
  auto* own = made.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  bool is_made = extend(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
                 && extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign")
                 && extend(own, own, NID_subject_key_identifier, "hash")
                 && X509_sign(own, key.get(), EVP_sha256()) != 0;
  if (!is_made)
    return failed("make the authority's certificate");
  return write_pair(own, files.certificate, key.get(), files.key);
}

base::status make_node_certificate(const authority_files& files, const node_certificate& what,
                                   const std::filesystem::path& certificate,
                                   const std::filesystem::path& key_file) {
  auto names = names_to_certify(what);
  if (auto good = names ? check_days(what.days) : base::status(base::fail(names.error())); !good)
    return good;
  for (const auto& file : {key_file, certificate})
    if (std::filesystem::exists(file))
      return base::fail(base::errc::invalid, file.string() + " exists");
  ERR_clear_error();
  auto signer = load_authority(files);
  if (!signer)
    return base::fail(signer.error().within("authority"));
  openssl::key key(EVP_EC_gen("P-256"));
  if (!key)
    return failed("make a key");

  auto made = blank(certificate_name(what.id), key.get(), what.days);
  auto* own = made.get();
  auto* issuer = signer->certificate.get();
  const auto* end = X509_get0_notAfter(issuer);
  if (ASN1_TIME_compare(X509_get0_notAfter(own), end) > 0)
    X509_set1_notAfter(own, end);
  X509_set_issuer_name(own, X509_get_subject_name(issuer));
  bool is_made = extend(own, issuer, NID_basic_constraints, "critical,CA:FALSE")
                 && extend(own, issuer, NID_key_usage, "critical,digitalSignature")
                 && extend(own, issuer, NID_ext_key_usage, "serverAuth,clientAuth")
                 && extend(own, issuer, NID_subject_key_identifier, "hash")
                 && extend(own, issuer, NID_authority_key_identifier, "keyid:always")
                 && extend(own, issuer, NID_subject_alt_name, *names)
                 && X509_sign(own, signer->key.get(), EVP_sha256()) != 0;
  if (!is_made)
    return failed("make the certificate");
  return write_pair(own, certificate, key.get(), key_file);
}

base::result<certificate_summary> read_certificate(const std::filesystem::path& file) {
  auto read = load_certificate(file);
  if (!read)
    return base::fail(read.error());
  certificate_summary summary;
  auto text = memory();
  X509_NAME_print_ex(text.get(), X509_get_subject_name(read->get()), 0, XN_FLAG_RFC2253);
  summary.subject = contents(text.get());
  summary.names = names_of(**read);
  summary.not_before = to_unix(X509_get0_notBefore(read->get()));
  summary.not_after = not_after_of(**read);
  return summary;
}

std::vector<std::string> names_of(const x509_st& certificate) {
  std::vector<std::string> names;
  openssl::names all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS)
      names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                         static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    else if (name->type == GEN_IPADD)
      names.push_back(address_text(*name->d.iPAddress));
  }
  return names;
}

std::int64_t not_after_of(const x509_st& certificate) {
  return to_unix(X509_get0_notAfter(&certificate));
}

} // namespace transport
