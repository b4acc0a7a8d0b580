#include "tests/client/fake_server.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "wire/status_detail.h"

namespace binlogd::testing {
namespace {

grpc::Status Refuse(absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  return ToGrpcStatus(MakeError(code, reason, message));
}

void SetDesired(v1::DesiredState desired, v1::Streamer* streamer) {
  streamer->mutable_status()->set_desired_state(desired);
  streamer->mutable_status()->set_state(desired == v1::DESIRED_STATE_RUNNING ? v1::RUNNING : v1::STOPPED);
}

}  // namespace

FakeServer::FakeServer(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeServer::~FakeServer() { server_->Shutdown(std::chrono::system_clock::now()); }

std::string FakeServer::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeServer::Put(const v1::Streamer& streamer) {
  absl::MutexLock lock(&mutex_);
  streamers_[streamer.spec().name()] = streamer;
}

void FakeServer::Remove(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  streamers_.erase(name);
}

v1::Streamer FakeServer::Find(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  return streamers_[name];
}

void FakeServer::SetTap(std::vector<v1::TapResponse> responses, absl::Status end) {
  absl::MutexLock lock(&mutex_);
  tap_ = std::move(responses);
  tap_end_ = std::move(end);
}

void FakeServer::AnswerChanges(const std::string& text) {
  absl::MutexLock lock(&mutex_);
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &changes_));
}

void FakeServer::SetFindings(v1::ValidateResponse response) {
  absl::MutexLock lock(&mutex_);
  findings_ = std::move(response);
}

void FakeServer::Hang() {
  absl::MutexLock lock(&mutex_);
  hang_ = true;
}

v1::StreamerFilter FakeServer::list_filter() {
  absl::MutexLock lock(&mutex_);
  return list_filter_;
}

v1::WatchRequest FakeServer::watch_request() {
  absl::MutexLock lock(&mutex_);
  return watch_request_;
}

void FakeServer::EndWatches(bool end) {
  absl::MutexLock lock(&mutex_);
  end_watches_ = end;
}

std::string FakeServer::authorization() {
  absl::MutexLock lock(&mutex_);
  return authorization_;
}

void FakeServer::NoteAuthorization(const grpc::ServerContext& context) {
  const auto found = context.client_metadata().find("authorization");
  authorization_ =
      found == context.client_metadata().end() ? "" : std::string(found->second.data(), found->second.size());
}

v1::TapRequest FakeServer::tap_request() {
  absl::MutexLock lock(&mutex_);
  return tap_request_;
}

bool FakeServer::AwaitTaps(int count) {
  absl::MutexLock lock(&mutex_);
  const auto there = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return taps_ >= count; };
  return mutex_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(20));
}

bool FakeServer::AwaitTapsEnded(int count) {
  absl::MutexLock lock(&mutex_);
  const auto ended = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return taps_ended_ >= count; };
  return mutex_.AwaitWithTimeout(absl::Condition(&ended), absl::Seconds(20));
}

bool FakeServer::AwaitWatched(int messages) {
  absl::MutexLock lock(&mutex_);
  const auto there = [this, messages]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return watched_ >= messages; };
  return mutex_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(20));
}

void FakeServer::SetLogs(std::vector<v1::LogEntry> entries) {
  absl::MutexLock lock(&mutex_);
  logs_ = std::move(entries);
}

void FakeServer::EndLogs(absl::Status end) {
  absl::MutexLock lock(&mutex_);
  logs_end_ = std::move(end);
}

v1::LogsRequest FakeServer::logs_request() {
  absl::MutexLock lock(&mutex_);
  return logs_request_;
}

void FakeServer::BreakChanges(int count) {
  absl::MutexLock lock(&mutex_);
  break_changes_ = count;
}

std::vector<std::string> FakeServer::request_ids() {
  absl::MutexLock lock(&mutex_);
  return request_ids_;
}

bool FakeServer::Made(const std::string& request_id) const {
  return std::find(request_ids_.begin(), request_ids_.end(), request_id) != request_ids_.end();
}

grpc::Status FakeServer::EndChange(const std::string& request_id) {
  request_ids_.push_back(request_id);
  if (break_changes_ == 0) return grpc::Status::OK;
  --break_changes_;
  // As the transport says it, without a detail of binlogd's.
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "Socket closed");
}

grpc::Status FakeServer::Lookup(const std::string& name, v1::Streamer** streamer) {
  const auto found = streamers_.find(name);
  if (found == streamers_.end())
    return Refuse(absl::StatusCode::kNotFound, "STREAMER_NOT_FOUND", "there is none of that name");
  *streamer = &found->second;
  return grpc::Status::OK;
}

grpc::Status FakeServer::Get(grpc::ServerContext*, const v1::GetRequest* request, v1::Streamer* response) {
  absl::MutexLock lock(&mutex_);
  v1::Streamer* streamer = nullptr;
  const grpc::Status status = Lookup(request->name(), &streamer);
  if (status.ok()) *response = *streamer;
  return status;
}

grpc::Status FakeServer::List(grpc::ServerContext* context, const v1::ListRequest* request,
                              v1::ListResponse* response) {
  constexpr int kPageSize = 2;
  absl::MutexLock lock(&mutex_);
  NoteAuthorization(*context);
  while (hang_ && !context->IsCancelled()) {
    mutex_.Unlock();
    absl::SleepFor(absl::Milliseconds(10));
    mutex_.Lock();
  }
  if (request->page_token().empty()) list_filter_ = request->filter();
  for (auto place = streamers_.upper_bound(request->page_token()); place != streamers_.end(); ++place) {
    if (response->streamers_size() == kPageSize) {
      response->set_next_page_token(response->streamers(kPageSize - 1).spec().name());
      break;
    }
    *response->add_streamers() = place->second;
  }
  return grpc::Status::OK;
}

grpc::Status FakeServer::Delete(grpc::ServerContext*, const v1::DeleteRequest* request, v1::DeleteResponse*) {
  absl::MutexLock lock(&mutex_);
  v1::Streamer* streamer = nullptr;
  const grpc::Status status = Lookup(request->name(), &streamer);
  if (status.ok()) streamers_.erase(request->name());
  return status;
}

grpc::Status FakeServer::Apply(grpc::ServerContext*, const v1::ApplyRequest* request, v1::ApplyResponse* response) {
  absl::MutexLock lock(&mutex_);
  const v1::StreamerSpec& spec = request->spec();
  if (spec.targets().empty()) {
    return ToGrpcStatus(InvalidField("targets", "MISSING_FIELD", "give at least one target"));
  }
  const auto place = streamers_.find(spec.name());
  const bool created = place == streamers_.end();
  v1::Streamer streamer = created ? v1::Streamer() : place->second;
  const bool same = google::protobuf::util::MessageDifferencer::Equals(streamer.spec(), spec);
  response->set_outcome(created ? v1::ApplyResponse::CREATED
                        : same  ? v1::ApplyResponse::UNCHANGED
                                : v1::ApplyResponse::UPDATED);
  response->set_restarts(!created && !same && streamer.status().state() == v1::RUNNING);
  if (response->outcome() == v1::ApplyResponse::UPDATED) *response->mutable_changes() = changes_.changes();
  *streamer.mutable_spec() = spec;
  if (spec.source().password().has_value()) streamer.mutable_spec()->mutable_source()->clear_password();
  if (request->start()) SetDesired(v1::DESIRED_STATE_RUNNING, &streamer);
  *response->mutable_streamer() = streamer;
  if (request->validate_only()) return grpc::Status::OK;
  if (!same) streamer.set_etag(absl::StrCat(streamer.etag(), "+"));
  streamers_[spec.name()] = streamer;
  return EndChange(request->request_id());
}

grpc::Status FakeServer::Update(grpc::ServerContext*, const v1::UpdateRequest* request, v1::Streamer* response) {
  absl::MutexLock lock(&mutex_);
  v1::Streamer* streamer = nullptr;
  const grpc::Status status = Lookup(request->spec().name(), &streamer);
  if (!status.ok()) return status;
  if (request->etag() != streamer->etag()) {
    return Refuse(absl::StatusCode::kAborted, "STALE_ETAG", "it was changed meanwhile");
  }
  *streamer->mutable_spec() = request->spec();
  *response = *streamer;
  return EndChange(request->request_id());
}

grpc::Status FakeServer::Logs(grpc::ServerContext* context, const v1::LogsRequest* request,
                              grpc::ServerWriter<v1::LogsResponse>* writer) {
  uint64_t newest = request->after();
  for (bool first = true; !context->IsCancelled(); absl::SleepFor(absl::Milliseconds(5))) {
    v1::LogsResponse response;
    {
      absl::MutexLock lock(&mutex_);
      v1::Streamer* streamer = nullptr;
      const grpc::Status status = Lookup(request->name(), &streamer);
      if (!status.ok()) return status;
      logs_request_ = *request;
      if (!logs_end_.ok()) return ToGrpcStatus(logs_end_);
      for (const v1::LogEntry& entry : logs_) {
        if (entry.number() > newest) *response.add_entries() = entry;
      }
    }
    if (!response.entries().empty()) newest = response.entries().rbegin()->number();
    if (first || !response.entries().empty()) writer->Write(response);
    if (!request->follow()) break;
    first = false;
  }
  return grpc::Status::OK;
}

grpc::Status FakeServer::Start(grpc::ServerContext*, const v1::StartRequest* request, v1::Streamer* response) {
  absl::MutexLock lock(&mutex_);
  v1::Streamer* streamer = nullptr;
  const grpc::Status status = Lookup(request->name(), &streamer);
  if (!status.ok()) return status;
  if (streamer->status().desired_state() == v1::DESIRED_STATE_RUNNING && !Made(request->request_id())) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ALREADY_RUNNING", "it runs already");
  }
  SetDesired(v1::DESIRED_STATE_RUNNING, streamer);
  *response = *streamer;
  return EndChange(request->request_id());
}

grpc::Status FakeServer::Stop(grpc::ServerContext*, const v1::StopRequest* request, v1::Streamer* response) {
  absl::MutexLock lock(&mutex_);
  v1::Streamer* streamer = nullptr;
  const grpc::Status status = Lookup(request->name(), &streamer);
  if (!status.ok()) return status;
  if (streamer->status().desired_state() == v1::DESIRED_STATE_STOPPED) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "ALREADY_STOPPED", "it is stopped already");
  }
  SetDesired(v1::DESIRED_STATE_STOPPED, streamer);
  *response = *streamer;
  return grpc::Status::OK;
}

grpc::Status FakeServer::Status(grpc::ServerContext*, const v1::StatusRequest* request, v1::StreamerStatus* response) {
  absl::MutexLock lock(&mutex_);
  v1::Streamer* streamer = nullptr;
  const grpc::Status status = Lookup(request->name(), &streamer);
  if (status.ok()) *response = streamer->status();
  return status;
}

grpc::Status FakeServer::Metrics(grpc::ServerContext*, const v1::MetricsRequest* request,
                                 v1::MetricsResponse* response) {
  absl::MutexLock lock(&mutex_);
  v1::Streamer* streamer = nullptr;
  const grpc::Status status = Lookup(request->name(), &streamer);
  if (!status.ok()) return status;
  v1::Metric& events = *response->add_metrics();
  events.set_name("binlogd_events_total");
  events.set_help("Events read.");
  (*events.mutable_labels())["streamer"] = request->name();
  events.set_value(12345678901.0);
  v1::Metric& lag = *response->add_metrics();
  lag.set_name("binlogd_lag_seconds");
  lag.set_value(0.25);
  return grpc::Status::OK;
}

grpc::Status FakeServer::GetLogLevel(grpc::ServerContext*, const v1::GetLogLevelRequest*,
                                     v1::ServerLogLevel* response) {
  absl::MutexLock lock(&mutex_);
  *response = log_level_;
  return grpc::Status::OK;
}

grpc::Status FakeServer::SetLogLevel(grpc::ServerContext*, const v1::SetLogLevelRequest* request,
                                     v1::ServerLogLevel* response) {
  absl::MutexLock lock(&mutex_);
  log_level_.set_level(request->level());
  *response = log_level_;
  return grpc::Status::OK;
}

grpc::Status FakeServer::Validate(grpc::ServerContext*, const v1::ValidateRequest*, v1::ValidateResponse* response) {
  absl::MutexLock lock(&mutex_);
  *response = findings_;
  return grpc::Status::OK;
}

grpc::Status FakeServer::Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                               grpc::ServerWriter<v1::WatchResponse>* writer) {
  std::map<std::string, std::string> told;
  v1::WatchResponse response;
  response.set_reset(request->revision() == 0);
  response.set_synced(true);
  for (uint64_t revision = request->revision() + 1; !context->IsCancelled(); absl::SleepFor(absl::Milliseconds(5))) {
    {
      absl::MutexLock lock(&mutex_);
      watch_request_ = *request;
      if (end_watches_) return Refuse(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", "binlogd is shutting down");
      for (const auto& [name, streamer] : streamers_) {
        if (!request->filter().name().empty() && request->filter().name() != name) continue;
        std::string bytes = streamer.SerializeAsString();
        if (told[name] != bytes) *response.add_changes()->mutable_streamer() = streamer;
        told[name] = std::move(bytes);
      }
      for (auto place = told.begin(); place != told.end();) {
        const bool gone = streamers_.count(place->first) == 0;
        if (gone) response.add_changes()->set_deleted(place->first);
        place = gone ? told.erase(place) : std::next(place);
      }
    }
    if (!response.reset() && response.changes().empty()) continue;
    response.set_revision(revision++);
    writer->Write(response);
    {
      absl::MutexLock lock(&mutex_);
      ++watched_;
    }
    response.clear_changes();
    response.clear_reset();
  }
  return grpc::Status::OK;
}

grpc::Status FakeServer::Tap(grpc::ServerContext* context, const v1::TapRequest* request,
                             grpc::ServerWriter<v1::TapResponse>* writer) {
  std::vector<v1::TapResponse> responses;
  absl::Status end;
  {
    absl::MutexLock lock(&mutex_);
    NoteAuthorization(*context);
    v1::Streamer* streamer = nullptr;
    const grpc::Status status = Lookup(request->name(), &streamer);
    if (!status.ok()) return status;
    tap_request_ = *request;
    responses = tap_;
    end = tap_end_;
    ++taps_;
  }
  for (const v1::TapResponse& response : responses) writer->Write(response);
  while (end.ok() && !context->IsCancelled()) absl::SleepFor(absl::Milliseconds(10));
  absl::MutexLock lock(&mutex_);
  ++taps_ended_;
  return ToGrpcStatus(end);
}

}  // namespace binlogd::testing
