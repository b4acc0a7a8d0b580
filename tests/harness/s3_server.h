// A real server that speaks S3, for tests.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

struct S3Options {
  bool tls = false;  // With TestCertificates()'s "server", for localhost, *.localhost and 127.0.0.1.
  std::string region = "us-east-1";
};

// A request of a client that is not ours: curl(1), which signs with its own code.
struct S3Request {
  std::string method = "GET";
  std::string path;                  // As it travels: "/bucket/key?list-type=2", see S3Server::EscapeKey().
  std::vector<std::string> headers;  // "x-amz-tagging: a=b"
  std::string body;                  // Of PUT and POST.
  std::string secret;                // Instead of the right one.
  std::string region;                // Instead of the server's own.
};

struct S3Response {
  int status = 0;
  std::string headers;  // As they came.
  std::string body;
};

struct S3Object {
  std::string key;
  uint64_t size = 0;
  std::string bytes;  // Of ReadAll() only.
};

// A private server (versitygw over a throwaway folder) on a free loopback port, stopped and removed when destroyed.
// What is written survives a kill -9, not a power loss. It also dies with the thread that started it. Starting takes
// about 0.1 s and 60 MiB. Not thread-safe.
//
// What it does as S3 does (s3_server_test.cc holds it to that): wrong secrets, wrong regions and payloads that do not
// match their x-amz-content-sha256, which it demands, are refused; If-None-Match: * and If-Match on PUT (412); user
// metadata; multipart uploads; tags; listing (V2) in the keys' order with prefix, start-after, delimiter and max-keys;
// path style, and virtual hosts as BUCKET.localhost. Bucket names have at least three characters.
// What it does not: it takes x-amz-storage-class and x-amz-server-side-encryption without an error and forgets them,
// and a key can not be another key's folder ("a" beside "a/b").
class S3Server {
 public:
  static constexpr char kAccessKey[] = "BINLOGDTESTKEY";
  static constexpr char kSecret[] = "binlogd/test+secret";

  // Also makes sure that a wrong secret is refused. UNAVAILABLE with the reason when this machine cannot get the
  // server.
  static absl::StatusOr<std::unique_ptr<S3Server>> Start(S3Options options = {});
  ~S3Server();

  std::string endpoint() const;  // "http://127.0.0.1:port", with TLS "https://…"
  uint16_t port() const { return port_; }
  std::string data_dir() const { return directory_ / "data"; }  // Where buckets are folders, and keys are files.

  absl::StatusOr<S3Response> Send(const S3Request& request) const;

  // These are INTERNAL with what the server said when it says no, but for NOT_FOUND.
  absl::Status CreateBucket(const std::string& bucket) const;
  absl::Status Put(const std::string& bucket, const std::string& key, const std::string& bytes) const;
  absl::Status Delete(const std::string& bucket, const std::string& key) const;
  absl::StatusOr<std::string> Get(const std::string& bucket, const std::string& key) const;
  // All objects whose keys begin with `prefix`, in the order that the server gives, over as many requests as it takes.
  absl::StatusOr<std::vector<S3Object>> List(const std::string& bucket, const std::string& prefix = "") const;
  // As List(), with the bytes, by one process.
  absl::StatusOr<std::vector<S3Object>> ReadAll(const std::string& bucket, const std::string& prefix = "") const;

  // A key, or the value of a query, as it stands in a request's path.
  static std::string EscapeKey(absl::string_view key);
  static std::string EscapeValue(absl::string_view value);

  pid_t pid() const { return process_->pid(); }
  bool running() { return process_->running(); }
  void Kill();             // kill -9 and wait for its end.
  absl::Status Stop();     // Orderly shutdown.
  absl::Status Restart();  // Starts again on the same port and folder; stops it first if it runs.
  // The last lines of the server's log.
  std::string LogTail() const;

 private:
  S3Server(std::string program_dir, S3Options options)
      : program_dir_(std::move(program_dir)), options_(std::move(options)) {}
  absl::Status Launch();
  absl::Status WaitUntilReady();
  absl::Status CheckSecret() const;
  // What every request of curl begins with.
  std::string CurlConfig(const std::string& secret, const std::string& region) const;
  std::string LogFile() const { return directory_ / "s3.log"; }

  const std::string program_dir_;
  const S3Options options_;
  TempDir directory_;
  uint16_t port_ = 0;
  std::unique_ptr<Subprocess> process_;
};

}  // namespace binlogd::testing
