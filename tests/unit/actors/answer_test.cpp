// SPDX-License-Identifier: Apache-2.0
#include "actors/answer.hpp"

#include <thread>

#include "tests/support/catch.hpp"

namespace actors {

namespace {

struct counting_sink : answer_sink {
  std::vector<std::size_t> deliveries;
  void deliver(std::vector<std::shared_ptr<slot_base>> filled) override {
    deliveries.push_back(filled.size());
  }
};

struct asked {
  std::shared_ptr<counting_sink> sink = std::make_shared<counting_sink>();
  std::shared_ptr<slot<int>> where = std::make_shared<slot<int>>(sink);
  reply_to<int> reply{where};
};

} // namespace

TEST_CASE("the first answer wins and later ones change nothing", "[answer][INV-93]") {
  asked question;
  question.reply.answer_with(1);
  question.reply.answer_with(2);
  CHECK(question.where->take().value() == 1);
  CHECK(question.sink->deliveries == std::vector<std::size_t>{1});
}

TEST_CASE("a forgotten request answers itself with its stage", "[answer][INV-93]") {
  asked question;
  question.reply.set_stage(commit_status::unknown);
  auto copy = question.reply;
  question.reply = {};
  CHECK_FALSE(question.where->is_filled());
  copy = {};
  REQUIRE(question.where->is_filled());
  auto why = question.where->take().error();
  CHECK(why.code == failure_code::unavailable);
  CHECK(why.committed == commit_status::unknown);
}

TEST_CASE("a batch of answers reaches each sink once", "[answer][INV-94]") {
  auto sink = std::make_shared<counting_sink>();
  auto first = std::make_shared<slot<int>>(sink);
  auto second = std::make_shared<slot<int>>(sink);
  {
    answer_batch together;
    first->fill(1);
    second->fill(2);
    CHECK(sink->deliveries.empty());
  }
  CHECK(sink->deliveries == std::vector<std::size_t>{2});
}

TEST_CASE("a plain thread waits until its question is answered", "[answer]") {
  std::thread answering;
  auto got = ask_blocking<int>(
      [&answering](reply_to<int> to) { answering = std::thread([to] { to.answer_with(42); }); },
      std::chrono::seconds(30));
  answering.join();
  CHECK(got.value() == 42);
}

TEST_CASE("a plain thread stops waiting at its deadline", "[answer]") {
  reply_to<int> kept;
  auto got =
      ask_blocking<int>([&kept](reply_to<int> to) { kept = to; }, std::chrono::milliseconds(1));
  CHECK(got.error().code == failure_code::timeout);
}

} // namespace actors
