#include "tests/archive/log_files.h"
#include "tests/client/fixture.h"
#include "tests/codec/keys.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;

class CatTest : public ClientTest {
 protected:
  const std::string key_ = WriteKey(directory_, 'a');
  LogFolder folder_;
};

TEST_F(CatTest, FilesAreWrittenDecryptedAndUncompressed) {
  const std::string first = folder_.Write("events-00000001.jsonl.zst", Zstd("{\"one\"}\n") + Zstd("{\"two\"}\n"));
  const std::string second = folder_.Write("events-00000002.jsonl.gz.enc", Encrypt(Gzip("{\"three\"}\n"), KeyOf('a')));
  const std::string third = folder_.Write("events-00000003.jsonl", "{\"four\"}\n");
  const CommandResult all = Run({"cat", "--key-file", key_, first, second, third});
  EXPECT_EQ(all.exit_code, 0) << all.error_output;
  EXPECT_EQ(all.output, "{\"one\"}\n{\"two\"}\n{\"three\"}\n{\"four\"}\n");
  EXPECT_EQ(Run({"cat", "-", "--key-file=" + key_}, Encrypt("piped", KeyOf('a'))).output, "piped");
}

TEST_F(CatTest, ErrorsNameFileAndKey) {
  const std::string path = folder_.Write("file.enc", Encrypt("content", KeyOf('b')));
  const CommandResult missing = Run({"cat", path, "--key-file", key_});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.error_output, HasSubstr(path));
  EXPECT_THAT(missing.error_output, HasSubstr(KeyOf('b').name()));
  EXPECT_THAT(missing.error_output, HasSubstr("ENCRYPTION_KEY_MISSING"));
  EXPECT_THAT(Run({"cat", path, "--key-file", "/none"}).error_output, HasSubstr("ENCRYPTION_KEY_UNREADABLE"));
  EXPECT_EQ(Run({"cat"}).exit_code, 2);
}

}  // namespace
}  // namespace binlogd::testing
