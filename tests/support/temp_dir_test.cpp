// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_dir.hpp"

#include <fstream>

#include "base/version.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("a temporary directory exists while its object lives and is removed with its content") {
  std::filesystem::path path;
  {
    const tests::temp_dir dir{"support"};
    path = dir.path();
    std::ofstream{dir / "file"} << "content";
    std::filesystem::create_directory(dir / "folder");
    CHECK(std::filesystem::exists(dir / "file"));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("two temporary directories with the same label are different") {
  const tests::temp_dir first{"same"};
  const tests::temp_dir second{"same"};
  CHECK(first.path() != second.path());
}

TEST_CASE("matchers and generators have one spelling for both versions of Catch2") {
  const auto text = GENERATE(std::string{"a needle here"}, std::string{"needle"});
  CHECK_THAT(text, matchers::ContainsSubstring("needle") && !matchers::StartsWith("hay"));
}

TEST_CASE("the version has three parts") {
  CHECK_THAT(std::string{base::version}, matchers::Matches("[0-9]+\\.[0-9]+\\.[0-9]+"));
  CHECK_FALSE(base::git_commit.empty());
}
