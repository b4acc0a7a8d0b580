#include "rpc/spec_json.h"

#include <gtest/gtest.h>

#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

// No field has its default.
StreamerSpec FullSpec() {
  StreamerSpec spec;
  spec.name = "orders";
  spec.source.flavor = Flavor::kMariaDb;
  spec.source.endpoints = {"db1:3306", "[::1]:3307"};
  spec.source.user = "repl \"ü\"";
  spec.source.password = Secret{Secret::Kind::kFile, "/etc/secret"};
  spec.source.server_id = 4294967295;
  spec.source.tls = {TlsMode::kVerifyIdentity, "/ca", "/cert", "/key"};
  spec.source.gtid = true;
  spec.source.start.kind = StartSpec::Kind::kPosition;
  spec.source.start.file = "binlog.000007";
  spec.source.start.offset = uint64_t{1} << 60;
  spec.oneshot = true;
  spec.filter.databases = {"a*", "b"};
  spec.filter.tables = {"a.t"};
  spec.filter.exclude_databases = {"c"};
  spec.filter.exclude_tables = {"a.x?"};
  for (int kind = 1; kind <= static_cast<int>(EventKind::kOther); ++kind)
    spec.filter.events.insert(static_cast<EventKind>(kind));
  spec.filter.include_ddl = false;
  spec.batch = {7, 8192, absl::Milliseconds(1500)};
  spec.checkpoint = {false, "/run/checkpoint.json", absl::Milliseconds(250)};
  TargetSpec raw, json;
  raw.name = "archive";
  raw.file = {"/srv/a", std::nullopt, uint64_t{1} << 50};
  json.name = "changes";
  json.file = {"/srv/b", EventFormat::kJson, 4096};
  spec.targets = {raw, json};
  return spec;
}

void ExpectRoundTrip(const StreamerSpec& spec) {
  const SpecJson codec;
  const std::string text = codec.Encode(spec);
  const absl::StatusOr<StreamerSpec> back = codec.Decode(text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, spec) << text;
}

TEST(SpecJsonTest, EveryFieldComesBack) {
  ExpectRoundTrip(FullSpec());
  ExpectRoundTrip(testing::MakeSpec("plain", "/srv"));
}

TEST(SpecJsonTest, EveryChoiceComesBack) {
  StreamerSpec spec = FullSpec();
  for (const TlsMode mode :
       {TlsMode::kPreferred, TlsMode::kDisabled, TlsMode::kRequired, TlsMode::kVerifyCa, TlsMode::kVerifyIdentity}) {
    spec.source.tls.mode = mode;
    ExpectRoundTrip(spec);
  }
  for (const auto kind : {Secret::Kind::kFile, Secret::Kind::kEnvironment, Secret::Kind::kValue}) {
    spec.source.password.kind = kind;
    ExpectRoundTrip(spec);
  }
  spec.source.password = Secret();
  ExpectRoundTrip(spec);
  spec.source.start = StartSpec();
  ExpectRoundTrip(spec);
  spec.source.start.kind = StartSpec::Kind::kCurrent;
  ExpectRoundTrip(spec);
  spec.source.start.kind = StartSpec::Kind::kGtidSet;
  spec.source.start.gtid_set = "0-1-5";
  ExpectRoundTrip(spec);
}

TEST(SpecJsonTest, WhatANewerVersionWroteIsReadWithoutTheNewFields) {
  const SpecJson codec;
  const StreamerSpec spec =
      *codec.Decode(R"({"name": "a", "new_field": {"x": [1]}, "source": {"user": "u", "other": 1}})");
  EXPECT_EQ(spec.name, "a");
  EXPECT_EQ(spec.source.user, "u");
  EXPECT_EQ(spec.batch, BatchLimits());
  for (const char* bad : {"", "{", "[]", "7", R"({"name": 7})", R"({"batch": {"max_wait": "soon"}})"})
    EXPECT_FALSE(codec.Decode(bad).ok()) << bad;
}

}  // namespace
}  // namespace binlogd
