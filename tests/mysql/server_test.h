// Tests that run once over each real server.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "tests/harness/mysql_server.h"

// Fails, and leaves the function, when a Status or StatusOr is not OK.
#define ASSERT_OK(expression) ASSERT_TRUE(::binlogd::testing::IsOk(expression))

namespace binlogd::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

template <typename T>
::testing::AssertionResult IsOk(const T& value) {
  if (value.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << StatusOf(value);
}

// The reason of an error, or "OK".
template <typename T>
std::string Reason(const T& value) {
  return StatusOf(value).ok() ? "OK" : ErrorReason(StatusOf(value));
}

// Skips, with the reason, where the server cannot be had.
class ServerTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    const absl::StatusOr<MySqlServer*> server = SharedServer(GetParam());
    if (absl::IsUnavailable(server.status())) GTEST_SKIP() << server.status().message();
    ASSERT_OK(server);
    server_ = *server;
  }

  std::unique_ptr<Connection> Connect() { return Connect(server_->connect_options()); }
  std::unique_ptr<Connection> Connect(const ConnectOptions& options) {
    absl::StatusOr<std::unique_ptr<Connection>> connection = Connection::Connect(options, &interrupter_);
    EXPECT_TRUE(connection.ok()) << connection.status();
    return connection.ok() ? *std::move(connection) : nullptr;
  }
  bool mysql() const { return server_->flavor() == Flavor::kMySql; }

  MySqlServer* server_ = nullptr;
  Interrupter interrupter_;
};

inline std::string ServerTestName(const ::testing::TestParamInfo<ServerKind>& info) {
  std::string name = ServerName(info.param);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

}  // namespace binlogd::testing
