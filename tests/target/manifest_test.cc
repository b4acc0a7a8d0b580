#include "target/manifest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace binlogd {
namespace {

Manifest Example() {
  Manifest manifest;
  manifest.format = "RAW";
  manifest.folder = "00112233445566778899aabbccddeeff/0001-6f1c2a9e";
  ManifestFile closed;
  closed.name = "binlog.000002.zst.enc";
  closed.state = ManifestFile::State::kClosed;
  closed.compression = Compression::kZstd;
  closed.key_ids = {"0011223344556677", "8899aabbccddeeff"};
  closed.from = ManifestPlace{"0001-6f1c2a9e", Position{"binlog.000002", 0, "uuid:1-5"}};
  closed.to = ManifestPlace{"0001-6f1c2a9e", Position{"binlog.000002", uint64_t{5} << 40, "uuid:1-9"}};
  closed.first_event_time = 1700000000;
  closed.last_event_time = 4294967295;
  closed.stored_bytes = 12345;
  closed.content_bytes = uint64_t{5} << 40;
  closed.sha256 = std::string(64, 'a');
  manifest.files = {closed, ManifestFile()};
  manifest.files.back().name = "strange \"name\", \n ],\n  \"crc32\": \"";
  manifest.deleted = {7, uint64_t{1} << 50, "binlog.000001.zst", closed.from, 1699999999};
  return manifest;
}

TEST(ManifestTest, IsReadBack) {
  const std::string text = ManifestJson(Example());
  Manifest read;
  ASSERT_TRUE(ParseManifest(text, &read)) << text;
  EXPECT_EQ(ManifestJson(read), text);
  EXPECT_EQ(read.files[0].to->position.offset, uint64_t{5} << 40);
  EXPECT_EQ(read.files[0].state, ManifestFile::State::kClosed);
  EXPECT_FALSE(read.files[1].from.has_value());
  EXPECT_EQ(read.deleted.files, 7u);
  EXPECT_EQ(read.folder, Example().folder);
  Manifest empty;
  EXPECT_TRUE(ParseManifest(ManifestJson(Manifest()), &empty));
}

TEST(ManifestTest, IsJson) {
  const auto json = nlohmann::json::parse(ManifestJson(Example()));
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["files"][0]["name"], "binlog.000002.zst.enc");
  EXPECT_EQ(json["files"][0]["compression"], "ZSTD");
  EXPECT_EQ(json["files"][0]["state"], "closed");
  EXPECT_EQ(json["files"][0]["from"]["gtid_set"], "uuid:1-5");
  EXPECT_TRUE(json["files"][1]["to"].is_null());
  EXPECT_EQ(json["deleted"]["last_file"], "binlog.000001.zst");
}

TEST(ManifestTest, EveryChangeIsNoticed) {
  const std::string text = ManifestJson(Example());
  Manifest read;
  for (size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(ParseManifest(text.substr(0, i), &read)) << i;
    std::string changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(ParseManifest(changed, &read)) << i;
    changed = text;
    changed.insert(i, " ");
    EXPECT_FALSE(ParseManifest(changed, &read)) << i;
  }
  EXPECT_FALSE(ParseManifest(text + "\n", &read));
}

}  // namespace
}  // namespace binlogd
