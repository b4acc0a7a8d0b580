#include "auth/certificate_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "tests/harness/certificates.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

using testing::TestCertificates;

class CertificateFilesTest : public ::testing::Test {
 protected:
  CertificateFilesTest() {
    Put("cert.pem", Text("server.pem"));
    Put("key.pem", Text("server.key"));
    Put("ca.pem", Text("ca.pem"));
  }
  static std::string Text(const std::string& name) { return *ReadWholeFile(TestCertificates().path(name)); }
  void Put(const std::string& name, const std::string& text) {
    ASSERT_TRUE(ReplaceFile(directory_ / name, text, 0600).ok());
  }
  absl::StatusOr<std::unique_ptr<CertificateFiles>> Open() {
    return CertificateFiles::Open({directory_ / "cert.pem", directory_ / "key.pem", directory_ / "ca.pem"});
  }
  void ExpectRefused(const std::string& reason, const std::string& file) {
    const absl::Status refused = Open().status();
    EXPECT_EQ(ErrorReason(refused), reason);
    EXPECT_NE(refused.message().find(directory_ / file), absl::string_view::npos) << refused;
    EXPECT_EQ(refused.message().find("PRIVATE KEY"), absl::string_view::npos) << refused;
  }

  testing::TempDir directory_;
};

TEST_F(CertificateFilesTest, ReadsWhatFitsTogether) {
  const auto files = Open();
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ((*files)->Current()->certificate, Text("server.pem"));
  EXPECT_EQ((*files)->Current()->key, Text("server.key"));
  EXPECT_EQ((*files)->Current()->client_ca, Text("ca.pem"));
}

TEST_F(CertificateFilesTest, NamesTheFileThatIsWrong) {
  Put("key.pem", Text("client.key"));
  ExpectRefused("TLS_FILE_INVALID", "key.pem");
  Put("key.pem", "");
  ExpectRefused("TLS_FILE_INVALID", "key.pem");
  Put("key.pem", Text("server.key"));
  Put("cert.pem", Text("server.key"));
  ExpectRefused("TLS_FILE_INVALID", "cert.pem");
  Put("cert.pem", Text("server.pem"));
  Put("ca.pem", "nothing");
  ExpectRefused("TLS_FILE_INVALID", "ca.pem");
  unlink((directory_ / "ca.pem").c_str());
  ExpectRefused("TLS_FILE_UNREADABLE", "ca.pem");
}

TEST_F(CertificateFilesTest, AKeyThatEverybodyMayReadIsRefused) {
  ASSERT_TRUE(ReplaceFile(directory_ / "key.pem", Text("server.key"), 0644).ok());
  ExpectRefused("FILE_OPEN_TO_EVERYBODY", "key.pem");
  Put("key.pem", Text("server.key"));
  ASSERT_TRUE(ReplaceFile(directory_ / "cert.pem", Text("server.pem"), 0644).ok());
  EXPECT_TRUE(Open().ok()) << "a certificate is no secret";
  ASSERT_TRUE(ReplaceFile(directory_ / "ca.pem", Text("ca.pem"), 0666).ok());
  ExpectRefused("FILE_OPEN_TO_EVERYBODY", "ca.pem");
}

TEST_F(CertificateFilesTest, AReplacedPairIsTakenWhenBothAreThere) {
  const auto files = Open();
  ASSERT_TRUE(files.ok()) << files.status();
  Put("cert.pem", Text("client.pem"));
  EXPECT_EQ((*files)->Current()->certificate, Text("server.pem"));
  EXPECT_EQ((*files)->Current()->key, Text("server.key"));
  Put("key.pem", Text("client.key"));
  EXPECT_EQ((*files)->Current()->certificate, Text("client.pem"));
  EXPECT_EQ((*files)->Current()->key, Text("client.key"));
}

TEST_F(CertificateFilesTest, FilesThatVanishLeaveTheOldOnesInForce) {
  const auto files = Open();
  ASSERT_TRUE(files.ok()) << files.status();
  unlink((directory_ / "cert.pem").c_str());
  EXPECT_EQ((*files)->Current()->certificate, Text("server.pem"));
  Put("cert.pem", Text("server.pem"));
  EXPECT_EQ((*files)->Current()->certificate, Text("server.pem"));
}

}  // namespace
}  // namespace binlogd
