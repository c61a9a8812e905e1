// SPDX-License-Identifier: Apache-2.0
#include "transport/byte_stream.hpp"

#include <utility>

#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/write.hpp>

#include <fcntl.h>

namespace transport {

namespace {

using asio::ip::tcp;

void shut_down(tcp::socket& socket) {
  std::error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void close_socket(tcp::socket& socket) {
  std::error_code ignored;
  socket.close(ignored);
}

class plain_stream final : public byte_stream {
public:
  explicit plain_stream(tcp::socket socket) : socket_(std::move(socket)) {}

  void handshake(bool, done handler) override {
    asio::post(socket_.get_executor(),
               [handler = std::move(handler)] { handler(std::error_code{}); });
  }
  void read_some(std::span<char> into, transferred handler) override {
    socket_.async_read_some(asio::buffer(into.data(), into.size()), std::move(handler));
  }
  void write(base::byte_view bytes, transferred handler) override {
    asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), std::move(handler));
  }
  void shut_down_sending() override { shut_down(socket_); }
  void close() override { close_socket(socket_); }
  base::status check_name(raft::server_id) override { return {}; }
  std::string explain(const std::error_code& error) override {
    return error == asio::error::eof ? "closed by the other side" : error.message();
  }

private:
  tcp::socket socket_;
};

class tls_stream final : public byte_stream {
public:
  tls_stream(tcp::socket socket, std::shared_ptr<tls_context> context)
    : context_(std::move(context)), stream_(std::move(socket), context_->context()) {}

  void handshake(bool is_dialler, done handler) override {
    stream_.async_handshake(is_dialler ? asio::ssl::stream_base::client
                                       : asio::ssl::stream_base::server,
                            std::move(handler));
  }
  void read_some(std::span<char> into, transferred handler) override {
    stream_.async_read_some(asio::buffer(into.data(), into.size()), std::move(handler));
  }
  void write(base::byte_view bytes, transferred handler) override {
    asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()), std::move(handler));
  }
  void shut_down_sending() override { shut_down(stream_.next_layer()); }
  void close() override { close_socket(stream_.next_layer()); }
  base::status check_name(raft::server_id id) override {
    return check_certificate_name(stream_.native_handle(), id);
  }
  std::string explain(const std::error_code& error) override {
    return error == asio::error::eof ? "closed by the other side"
                                     : explain_tls_error(error, stream_.native_handle());
  }

private:
  std::shared_ptr<tls_context> context_; // outlives what was made from it
  asio::ssl::stream<tcp::socket> stream_;
};

} // namespace

std::unique_ptr<byte_stream> make_plain_stream(tcp::socket socket) {
  return std::make_unique<plain_stream>(std::move(socket));
}

std::unique_ptr<byte_stream> make_tls_stream(tcp::socket socket,
                                             std::shared_ptr<tls_context> context) {
  return std::make_unique<tls_stream>(std::move(socket), std::move(context));
}

void set_options(tcp::socket& socket) {
  std::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

} // namespace transport
