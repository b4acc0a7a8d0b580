#include "streamer/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "tests/harness/temp_dir.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

using testing::MakeSpec;

class StoreTest : public ::testing::Test {
 protected:
  StreamerRecord Record(const std::string& name) const {
    return StreamerRecord{MakeSpec(name, dir_.path()), true, 7, absl::FromUnixMillis(1700000000123)};
  }
  std::string PathOf(const std::string& name) const { return state_ + "/streamers/" + name + "/streamer.json"; }

  testing::TempDir dir_;
  const std::string state_ = dir_ / "state";
  testing::FakeCodec codec_;
};

TEST_F(StoreTest, RoundTrip) {
  {
    const auto store = Store::Open(state_, &codec_);
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE((*store)->Load()->empty());
    StreamerRecord a = Record("a");
    a.creation.declared_in = "/etc/specs/a.yaml";
    ASSERT_TRUE((*store)->Put(a).ok());
    StreamerRecord b = Record("b");
    b.desired_running = false;
    ASSERT_TRUE((*store)->Put(b).ok());
    b.generation = 8;
    b.creation = Creation{"\x1f \"id", std::string("\0\xff", 2)};
    ASSERT_TRUE((*store)->Put(b).ok());
  }
  const auto store = Store::Open(state_, &codec_);
  auto records = *(*store)->Load();
  ASSERT_EQ(records.size(), 2u);
  if (records[0].spec.name == "b") std::swap(records[0], records[1]);
  EXPECT_EQ(records[0].spec, Record("a").spec);
  EXPECT_TRUE(records[0].desired_running);
  EXPECT_EQ(records[0].generation, 7u);
  EXPECT_EQ(records[0].created, Record("a").created);
  EXPECT_FALSE(records[1].desired_running);
  EXPECT_EQ(records[1].generation, 8u);
  EXPECT_EQ(records[0].creation, (Creation{"", "", "/etc/specs/a.yaml"}));
  EXPECT_EQ(records[1].creation, (Creation{"\x1f \"id", std::string("\0\xff", 2)}));
  ASSERT_TRUE((*store)->Remove("a").ok());
  EXPECT_EQ((*store)->Load()->size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(state_ + "/streamers/a"));
}

TEST_F(StoreTest, OnlyTheOwnerMayReadARecord) {
  const auto store = Store::Open(state_, &codec_);
  ASSERT_TRUE((*store)->Put(Record("a")).ok());
  struct stat info;
  ASSERT_EQ(stat(PathOf("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(StoreTest, OneUserAtATime) {
  const auto store = Store::Open(state_, &codec_);
  const absl::Status refused = Store::Open(state_, &codec_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(ErrorReason(refused), "STATE_DIR_IN_USE");
  EXPECT_NE(refused.message().find(std::to_string(getpid())), absl::string_view::npos) << refused;
  // Another process is locked out as well.
  const pid_t child = fork();
  if (child == 0) _exit(absl::IsFailedPrecondition(Store::Open(state_, &codec_).status()) ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(StoreTest, ADamagedRecordIsLeftOutAndLeftAlone) {
  const auto store = Store::Open(state_, &codec_);
  ASSERT_TRUE((*store)->Put(Record("good")).ok());
  ASSERT_TRUE((*store)->Put(Record("bad")).ok());
  const std::string whole = *ReadWholeFile(PathOf("bad"));
  const std::string good = *ReadWholeFile(PathOf("good"));
  for (const std::string& damage :
       {std::string(), whole.substr(0, whole.size() / 2), std::string("[]"), std::string("null"),
        std::string(R"({"desired_state":1,"generation":"x"})"),
        absl::StrReplaceAll(whole, {{"\"version\"", "\"create_request\": 7, \"version\""}}), good}) {
    ASSERT_TRUE(ReplaceFile(PathOf("bad"), damage, 0600).ok());
    std::map<std::string, absl::Status> left_out;
    const auto records = (*store)->Load(&left_out);
    ASSERT_TRUE(records.ok());
    ASSERT_EQ(records->size(), 1u) << damage;
    ASSERT_EQ(left_out.size(), 1u) << damage;
    EXPECT_TRUE(absl::StrContains(left_out["bad"].message(), PathOf("bad") + " is damaged (")) << left_out["bad"];
    EXPECT_FALSE(absl::StrContains(left_out["bad"].message(), "json.exception")) << left_out["bad"];
    EXPECT_EQ((*records)[0].spec.name, "good");
    EXPECT_EQ(*ReadWholeFile(PathOf("bad")), damage);
  }
  ASSERT_TRUE((*store)->Put(Record("bad")).ok());
  EXPECT_EQ((*store)->Load()->size(), 2u) << "applied anew, it is mended";
}

TEST_F(StoreTest, WhatIsNoRecordDoesNotKeepTheStart) {
  const auto store = Store::Open(state_, &codec_);
  ASSERT_TRUE((*store)->Put(Record("good")).ok());
  ASSERT_TRUE((*store)->Put(Record("pipe")).ok());
  ASSERT_EQ(unlink(PathOf("pipe").c_str()), 0);
  ASSERT_EQ(mkfifo(PathOf("pipe").c_str(), 0600), 0);
  ASSERT_TRUE(ReplaceFile(state_ + "/streamers/file.txt", "x", 0600).ok());
  std::map<std::string, absl::Status> left_out;
  EXPECT_EQ((*store)->Load(&left_out)->size(), 1u);
  ASSERT_EQ(left_out.size(), 1u) << "a plain file is no streamer";
  EXPECT_EQ(left_out["pipe"].message(), PathOf("pipe") + " is not a file");
}

TEST_F(StoreTest, ANewersDirectoryIsRefused) {
  { ASSERT_TRUE(Store::Open(state_, &codec_).ok()); }
  for (const std::string version : {"2\n", "x", "", "-1", "0"}) {
    ASSERT_TRUE(ReplaceFile(state_ + "/version", version, 0640).ok());
    EXPECT_EQ(ErrorReason(Store::Open(state_, &codec_).status()),
              version == "2\n" ? "STATE_DIR_TOO_NEW" : "STATE_DIR_UNUSABLE")
        << version;
    EXPECT_EQ(*ReadWholeFile(state_ + "/version"), version);
  }
  ASSERT_TRUE(ReplaceFile(state_ + "/version", "1\n", 0640).ok());
  EXPECT_TRUE(Store::Open(state_, &codec_).ok());
}

TEST_F(StoreTest, PlacesThatCannotBeADirectory) {
  ASSERT_TRUE(ReplaceFile(dir_ / "file", "", 0600).ok());
  EXPECT_FALSE(Store::Open(dir_ / "file", &codec_).ok());
  EXPECT_FALSE(Store::Open("/proc/binlogd", &codec_).ok());
}

}  // namespace
}  // namespace binlogd
