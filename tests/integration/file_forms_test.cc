// Files of a real server's log, compressed and encrypted: what they hold is what plain ones hold.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/codec/keys.h"
#include "tests/integration/streamer_testing.h"
#include "tests/target/file_reading.h"

namespace binlogd::testing {
namespace {

class FileFormsTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    auto server = MySqlServer::Start(GetParam());
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *std::move(server);
  }

  // Runs a streamer while rows are written.
  void Follow(Compression compression, const std::vector<std::string>& key_files) {
    StreamerSpec spec = SpecFor(*server_);
    spec.targets = {RawTarget(directory_ / "raw"), JsonTarget(directory_ / "json")};
    for (TargetSpec& target : spec.targets) {
      target.file()->compression = compression;
      target.file()->key_files = key_files;
    }
    Streamer streamer(spec, directory_ / "checkpoint.json");
    ASSERT_TRUE(streamer.Start().ok());
    for (int i = 0; i < 5; ++i) {
      server_->Run({absl::StrCat("INSERT INTO shop.orders (customer) VALUES ('", std::string(50, 'x'), i, "')"),
                    "UPDATE shop.orders SET total = total + 1", "FLUSH BINARY LOGS"});
    }
    EXPECT_TRUE(WaitUntilCaughtUp(streamer, *server_));
    streamer.RequestStop(absl::UnavailableError("the test ends"));
    streamer.WaitStopped(absl::InfiniteFuture());
  }
  // What binlogctl makes of a target's folder, in a folder of plain files.
  std::string Plain(const std::string& name) const {
    const std::string plain = directory_ / ("plain/" + name);
    for (const auto& [file, content] : ReadFolder(directory_ / name, MakeKeyRing("ab"))) {
      const std::string path = plain + "/" + file;
      std::filesystem::create_directories(std::filesystem::path(path).parent_path());
      std::ofstream(path, std::ios::binary) << content;
    }
    return plain;
  }

  TempDir directory_;
  std::unique_ptr<MySqlServer> server_;
};

TEST_P(FileFormsTest, EveryFormHoldsTheSame) {
  server_->Run({"CREATE DATABASE shop",
                "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, customer "
                "VARCHAR(100), total INT NOT NULL DEFAULT 0)"});
  const std::string a = WriteKey(directory_, 'a'), b = WriteKey(directory_, 'b');
  Follow(Compression::kZstd, {a});
  Follow(Compression::kZstd, {b, a});
  Follow(Compression::kGzip, {b});
  Follow(Compression::kNone, {b});
  std::string names;
  for (const auto& [name, bytes] : FolderContent(directory_ / "json")) absl::StrAppend(&names, name, " ");
  EXPECT_EQ(names, "events-00000001.jsonl.zst.enc events-00000002.jsonl.gz.enc events-00000003.jsonl.enc ");
  EXPECT_EQ(CompareArchive(Plain("raw"), *server_), "");
  EXPECT_EQ(CompareTable(ReadEvents(Plain("json")), *server_, "shop", "orders", "id"), "");
}

INSTANTIATE_TEST_SUITE_P(Servers, FileFormsTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
