#include "streamer/checkpoint_clash.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "pipeline/checkpoint.h"
#include "streamer/manager.h"
#include "tests/harness/temp_dir.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

class CheckpointClashTest : public ::testing::Test {
 protected:
  CheckpointClashTest() {
    auto store = Store::Open(dir_ / "state", &codec_);
    if (!store.ok()) std::abort();
    manager_ = std::make_unique<Manager>(*std::move(store));
    if (!manager_->Load().ok()) std::abort();
  }
  StreamerSpec Spec(const std::string& name) const { return testing::MakeSpec(name, dir_ / "targets"); }
  static std::string Refusal(const absl::Status& status) { return ErrorReason(status); }

  testing::TempDir dir_;
  testing::FakeCodec codec_;
  std::unique_ptr<Manager> manager_;
};

TEST_F(CheckpointClashTest, ACheckpointFileStaysApartAndARefusedOneIsLeftAlone) {
  ASSERT_TRUE(manager_->Create(Spec("a"), false).ok());
  const std::string folder = manager_->Get("a")->spec.targets[0].file()->path;
  for (const std::string& path : {folder + "/.binlogd/position.log", dir_ / "state/streamers/a/streamer.json",
                                  dir_ / "state/streamers/x.json", dir_ / "state/version", dir_ / "state/lock"}) {
    StreamerSpec spec = Spec("b");
    spec.checkpoint.file = path;
    ASSERT_TRUE(MakeDirectories(std::filesystem::path(path).parent_path().string(), 0750).ok());
    const bool was_there = std::filesystem::exists(path);
    if (!was_there) {
      ASSERT_TRUE(ReplaceFile(path, "precious", 0640).ok());
    }
    const std::string before = *ReadWholeFile(path);
    EXPECT_EQ(Refusal(manager_->Create(spec, true).status()), "CHECKPOINT_FILE_IN_USE") << path;
    EXPECT_EQ(ReadWholeFile(path).value_or("gone"), before) << path;
    if (!was_there) std::filesystem::remove(path);
  }
}

TEST_F(CheckpointClashTest, ACheckpointFileIsNoFileThatASpecNames) {
  StreamerSpec first = Spec("a");
  first.source.password = Secret{Secret::Kind::kFile, dir_ / "password"};
  first.source.tls.ca_file = dir_ / "ca.pem";
  first.targets[0].file()->key_files = {dir_ / "key"};
  ASSERT_TRUE(manager_->Create(first, false).ok());
  std::filesystem::create_directory(dir_ / "folder");
  std::filesystem::create_directory_symlink(dir_ / "folder", dir_ / "link");
  for (const std::string& path : {dir_ / "password", dir_ / "ca.pem", dir_ / "key", dir_ / "link/../key"}) {
    StreamerSpec second = Spec("b");
    second.checkpoint.file = path;
    EXPECT_EQ(Refusal(manager_->Create(second, false).status()), "CHECKPOINT_FILE_IN_USE") << path;
    first.checkpoint.file = path;
    EXPECT_EQ(Refusal(manager_->Update(first, "").status()), "CHECKPOINT_FILE_IN_USE") << path;
  }
  StreamerSpec second = Spec("b");
  second.checkpoint.file = dir_ / "x";
  ASSERT_TRUE(manager_->Create(second, false).ok());
  first.checkpoint.file.clear();
  for (const std::string& path : {dir_ / "x", dir_ / "folder/../x", dir_ / "x.new"}) {
    first.source.password.text = path;
    EXPECT_EQ(Refusal(manager_->Update(first, "").status()), "CHECKPOINT_FILE_IN_USE") << path;
  }
}

TEST_F(CheckpointClashTest, ACheckpointIsWrittenOverNothingElse) {
  const std::string path = dir_ / "mine";
  StreamerSpec spec = Spec("a");
  spec.checkpoint.file = path;
  const auto refused = [&] {
    const absl::Status status = manager_->Create(spec, true).status();
    EXPECT_EQ(ErrorField(status), "checkpoint.file") << status;
    EXPECT_EQ(Refusal(manager_->Check(spec)), Refusal(status));
    return Refusal(status);
  };
  for (const std::string& bytes : {std::string("precious"), std::string(R"({"version": 1})"), std::string()}) {
    ASSERT_TRUE(ReplaceFile(path, bytes, 0640).ok());
    EXPECT_EQ(refused(), "CHECKPOINT_FILE_FOREIGN") << bytes;
    EXPECT_EQ(*ReadWholeFile(path), bytes);
  }
  ASSERT_TRUE(manager_->Create(Spec("b"), false).ok());
  StreamerSpec changed = Spec("b");
  changed.checkpoint.file = path;
  EXPECT_EQ(Refusal(manager_->Update(changed, "").status()), "CHECKPOINT_FILE_FOREIGN");
  std::filesystem::remove(path);
  std::filesystem::create_symlink(dir_ / "elsewhere", path);
  EXPECT_EQ(refused(), "CHECKPOINT_FILE_FOREIGN") << "a link that leads nowhere too";
  std::filesystem::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(refused(), "CHECKPOINT_FILE_FOREIGN");
  std::filesystem::remove(path);
  ASSERT_TRUE(WriteCheckpoint(path, Checkpoint()).ok());
  EXPECT_TRUE(manager_->Create(spec, false).ok());
}

}  // namespace
}  // namespace binlogd
