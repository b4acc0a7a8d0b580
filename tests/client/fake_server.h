// A StreamerService with canned answers.
#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "binlogd/v1/service.grpc.pb.h"

namespace binlogd::testing {

// Holds streamers by name and changes them as told, without doing anything. Thread-safe.
class FakeServer : public v1::StreamerService::Service {
 public:
  // Listens on a port of loopback that the kernel chooses.
  explicit FakeServer(const std::shared_ptr<grpc::ServerCredentials>& credentials);
  ~FakeServer() override;

  // "127.0.0.1:PORT".
  std::string address() const;

  // Puts a streamer there, or takes it away.
  void Put(const v1::Streamer& streamer);
  void Remove(const std::string& name);
  v1::Streamer Find(const std::string& name);
  // What Tap sends before it goes quiet, or ends with `end` unless that is OK.
  void SetTap(std::vector<v1::TapResponse> responses, absl::Status end = absl::OkStatus());
  void SetFindings(v1::ValidateResponse response);
  // What Apply says of changes from now on: an ApplyResponse in text format.
  void AnswerChanges(const std::string& text);
  // Unary calls from now on do not answer before their deadline.
  void Hang();
  // Of the last List that began with the first page.
  v1::StreamerFilter list_filter();
  // Of the last Watch.
  v1::WatchRequest watch_request();
  // Ends every Watch from now on, as a shutdown does, until called with false.
  void EndWatches(bool end);
  // What the last List or Tap carried in its authorization header; empty for none.
  std::string authorization();
  // What Logs sends before it ends, or with `follow` goes quiet until EndLogs().
  void SetLogs(std::vector<v1::LogEntry> entries);
  void EndLogs(absl::Status end);
  // Of the last Logs.
  v1::LogsRequest logs_request();
  // The next so many changes are made, but their connection breaks before the answer.
  void BreakChanges(int count);
  // The ids of the changes that were asked for.
  std::vector<std::string> request_ids();
  // Of the last Tap.
  v1::TapRequest tap_request();
  // Waits until a Tap has begun (true), or its caller has gone away.
  bool AwaitTaps(int count);
  bool AwaitTapsEnded(int count);
  // Waits until watches were sent that many messages.
  bool AwaitWatched(int messages);

 private:
  grpc::Status Get(grpc::ServerContext*, const v1::GetRequest*, v1::Streamer*) override;
  grpc::Status List(grpc::ServerContext*, const v1::ListRequest*, v1::ListResponse*) override;
  grpc::Status Update(grpc::ServerContext*, const v1::UpdateRequest*, v1::Streamer*) override;
  grpc::Status Logs(grpc::ServerContext*, const v1::LogsRequest*, grpc::ServerWriter<v1::LogsResponse>*) override;
  grpc::Status Delete(grpc::ServerContext*, const v1::DeleteRequest*, v1::DeleteResponse*) override;
  grpc::Status Apply(grpc::ServerContext*, const v1::ApplyRequest*, v1::ApplyResponse*) override;
  grpc::Status Start(grpc::ServerContext*, const v1::StartRequest*, v1::Streamer*) override;
  grpc::Status Stop(grpc::ServerContext*, const v1::StopRequest*, v1::Streamer*) override;
  grpc::Status Status(grpc::ServerContext*, const v1::StatusRequest*, v1::StreamerStatus*) override;
  grpc::Status Metrics(grpc::ServerContext*, const v1::MetricsRequest*, v1::MetricsResponse*) override;
  grpc::Status GetLogLevel(grpc::ServerContext*, const v1::GetLogLevelRequest*, v1::ServerLogLevel*) override;
  grpc::Status SetLogLevel(grpc::ServerContext*, const v1::SetLogLevelRequest*, v1::ServerLogLevel*) override;
  grpc::Status Validate(grpc::ServerContext*, const v1::ValidateRequest*, v1::ValidateResponse*) override;
  grpc::Status Watch(grpc::ServerContext*, const v1::WatchRequest*, grpc::ServerWriter<v1::WatchResponse>*) override;
  grpc::Status Tap(grpc::ServerContext*, const v1::TapRequest*, grpc::ServerWriter<v1::TapResponse>*) override;

  void NoteAuthorization(const grpc::ServerContext& context) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The streamer, or NOT_FOUND.
  grpc::Status Lookup(const std::string& name, v1::Streamer** streamer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // What becomes of a change that was made now, or before with the same id.
  grpc::Status EndChange(const std::string& request_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether a change with that id was made before.
  bool Made(const std::string& request_id) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::vector<std::string> request_ids_ ABSL_GUARDED_BY(mutex_);
  v1::ServerLogLevel log_level_ ABSL_GUARDED_BY(mutex_);
  int break_changes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<v1::LogEntry> logs_ ABSL_GUARDED_BY(mutex_);
  absl::Status logs_end_ ABSL_GUARDED_BY(mutex_);
  v1::LogsRequest logs_request_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, v1::Streamer> streamers_ ABSL_GUARDED_BY(mutex_);
  v1::ApplyResponse changes_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::TapResponse> tap_ ABSL_GUARDED_BY(mutex_);
  absl::Status tap_end_ ABSL_GUARDED_BY(mutex_);
  v1::ValidateResponse findings_ ABSL_GUARDED_BY(mutex_);
  v1::StreamerFilter list_filter_ ABSL_GUARDED_BY(mutex_);
  v1::WatchRequest watch_request_ ABSL_GUARDED_BY(mutex_);
  int watched_ ABSL_GUARDED_BY(mutex_) = 0;
  bool end_watches_ ABSL_GUARDED_BY(mutex_) = false;
  v1::TapRequest tap_request_ ABSL_GUARDED_BY(mutex_);
  std::string authorization_ ABSL_GUARDED_BY(mutex_);
  int taps_ ABSL_GUARDED_BY(mutex_) = 0;
  int taps_ended_ ABSL_GUARDED_BY(mutex_) = 0;
  bool hang_ ABSL_GUARDED_BY(mutex_) = false;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace binlogd::testing
