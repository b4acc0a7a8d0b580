#include "rpc/streamer_service.h"

#include <functional>
#include <set>

#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

using grpc::StatusCode;
using testing::Eventually;

class StreamerServiceTest : public testing::RpcTest {
 protected:
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::StreamerService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    return (stub_.get()->*method)(&context, request, response);
  }
  using Stub = v1::StreamerService::Stub;

  grpc::Status Update(const v1::StreamerSpec& spec, const std::string& etag, v1::Streamer* response) {
    v1::UpdateRequest request;
    *request.mutable_spec() = spec;
    request.set_etag(etag);
    return Call(&Stub::Update, request, response);
  }
  grpc::Status Apply(const v1::StreamerSpec& spec, bool start, v1::ApplyResponse* response) {
    v1::ApplyRequest request;
    *request.mutable_spec() = spec;
    request.set_start(start);
    return Call(&Stub::Apply, request, response);
  }
  template <typename Request>
  static Request Named(const std::string& name) {
    Request request;
    request.set_name(name);
    return request;
  }
};

TEST_F(StreamerServiceTest, CreateGetListDelete) {
  v1::Streamer created;
  ASSERT_TRUE(Create(Spec("b"), false, &created).ok());
  EXPECT_EQ(created.spec().batch().max_events(), 1000u) << "defaults are filled in";
  EXPECT_EQ(created.spec().source().server_id(), 999u);
  EXPECT_TRUE(created.spec().checkpoint().enabled());
  EXPECT_EQ(created.spec().targets(0).file().rotate_bytes(), 268435456u);
  EXPECT_EQ(created.status().state(), v1::STOPPED);
  EXPECT_EQ(created.status().desired_state(), v1::DESIRED_STATE_STOPPED);
  EXPECT_GT(created.create_time().seconds(), 0);
  ASSERT_TRUE(Create(Spec("a"), true).ok());
  v1::ListResponse list;
  ASSERT_TRUE(Call(&Stub::List, v1::ListRequest(), &list).ok());
  ASSERT_EQ(list.streamers_size(), 2);
  EXPECT_EQ(list.streamers(0).spec().name(), "a");
  EXPECT_EQ(list.streamers(0).status().desired_state(), v1::DESIRED_STATE_RUNNING);
  v1::Streamer got;
  ASSERT_TRUE(Call(&Stub::Get, Named<v1::GetRequest>("b"), &got).ok());
  EXPECT_EQ(got.SerializeAsString(), created.SerializeAsString());
  EXPECT_TRUE(Delete("b").ok());
  ExpectError(Call(&Stub::Get, Named<v1::GetRequest>("b"), &got), StatusCode::NOT_FOUND, "STREAMER_NOT_FOUND");
  ExpectError(Create(Spec("a"), false), StatusCode::ALREADY_EXISTS, "STREAMER_EXISTS");
}

TEST_F(StreamerServiceTest, WhatIsNotThereIsNotFound) {
  v1::Streamer streamer;
  v1::StreamerStatus status;
  v1::MetricsResponse metrics;
  for (const std::string& name : {std::string("none"), std::string(), std::string(10000, 'x')}) {
    for (const grpc::Status& answer : {Call(&Stub::Get, Named<v1::GetRequest>(name), &streamer),
                                       Call(&Stub::Start, Named<v1::StartRequest>(name), &streamer),
                                       Call(&Stub::Stop, Named<v1::StopRequest>(name), &streamer),
                                       Call(&Stub::Status, Named<v1::StatusRequest>(name), &status),
                                       Call(&Stub::Metrics, Named<v1::MetricsRequest>(name), &metrics), Delete(name)}) {
      ExpectError(answer, StatusCode::NOT_FOUND, "STREAMER_NOT_FOUND");
    }
  }
  ExpectError(Update(Spec("none"), "", &streamer), StatusCode::NOT_FOUND, "STREAMER_NOT_FOUND");
}

TEST_F(StreamerServiceTest, BadSpecsNameTheirField) {
  const struct {
    const char* what;
    std::function<void(v1::StreamerSpec*)> spoil;
    const char* field;
    const char* reason = "BAD_VALUE";
  } cases[] = {
      {"name", [](v1::StreamerSpec* s) { s->set_name("a/b"); }, "name", "INVALID_NAME"},
      {"flavor", [](v1::StreamerSpec* s) { s->mutable_source()->set_flavor(static_cast<v1::SourceSpec::Flavor>(9)); },
       "source.flavor"},
      {"TLS mode",
       [](v1::StreamerSpec* s) { s->mutable_source()->mutable_tls()->set_mode(static_cast<v1::TlsSpec::Mode>(9)); },
       "source.tls.mode"},
      {"mode", [](v1::StreamerSpec* s) { s->set_mode(static_cast<v1::StreamerSpec::Mode>(-1)); }, "mode"},
      {"format",
       [](v1::StreamerSpec* s) { s->mutable_targets(0)->mutable_file()->set_format(static_cast<v1::Format>(77)); },
       "targets[0].file.format"},
      {"event",
       [](v1::StreamerSpec* s) {
         s->mutable_filter()->add_events(v1::WRITE), s->mutable_filter()->add_events(static_cast<v1::EventType>(99));
       },
       "filter.events[1]"},
      {"event unspecified", [](v1::StreamerSpec* s) { s->mutable_filter()->add_events(v1::EVENT_TYPE_UNSPECIFIED); },
       "filter.events[0]"},
      {"negative wait", [](v1::StreamerSpec* s) { s->mutable_batch()->mutable_max_wait()->set_seconds(-1); },
       "batch.max_wait"},
      {"nanos", [](v1::StreamerSpec* s) { s->mutable_batch()->mutable_max_wait()->set_nanos(2000000000); },
       "batch.max_wait"},
      {"endless wait", [](v1::StreamerSpec* s) { s->mutable_batch()->mutable_max_wait()->set_seconds(INT64_MAX); },
       "batch.max_wait"},
      {"zero wait", [](v1::StreamerSpec* s) { s->mutable_batch()->mutable_max_wait(); }, "batch.max_wait"},
      {"interval", [](v1::StreamerSpec* s) { s->mutable_checkpoint()->mutable_interval()->set_nanos(-1); },
       "checkpoint.interval"},
      {"a field that is not known",
       [](v1::StreamerSpec* s) { s->GetReflection()->MutableUnknownFields(s)->AddVarint(99, 1); }, "99",
       "UNKNOWN_FIELD"},
      {"one of a target",
       [](v1::StreamerSpec* s) {
         v1::FileTarget* file = s->mutable_targets(0)->mutable_file();
         file->GetReflection()->MutableUnknownFields(file)->AddLengthDelimited(98, "x");
       },
       "targets[0].file.98", "UNKNOWN_FIELD"},
      {"one of the source's password",
       [](v1::StreamerSpec* s) {
         v1::Secret* password = s->mutable_source()->mutable_password();
         password->GetReflection()->MutableUnknownFields(password)->AddVarint(97, 1);
       },
       "source.password.97", "UNKNOWN_FIELD"},
      {"no kind of target", [](v1::StreamerSpec* s) { s->mutable_targets(0)->clear_kind(); }, "targets[0]"},
      {"nothing at all", [](v1::StreamerSpec* s) { s->Clear(); }, "name", "INVALID_NAME"},
      {"RAW with filter", [](v1::StreamerSpec* s) { s->mutable_filter()->add_databases("x"); },
       "targets[0].file.format", "RAW_WITH_FILTER"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    v1::StreamerSpec spec = Spec("a");
    c.spoil(&spec);
    v1::Streamer streamer;
    v1::ApplyResponse applied;
    ExpectError(Create(spec, true), StatusCode::INVALID_ARGUMENT, c.reason, c.field);
    ExpectError(Update(spec, "", &streamer), StatusCode::INVALID_ARGUMENT, c.reason, c.field);
    ExpectError(Apply(spec, true, &applied), StatusCode::INVALID_ARGUMENT, c.reason, c.field);
    v1::ValidateRequest validate;
    *validate.mutable_spec() = spec;
    v1::ValidateResponse findings;
    ASSERT_TRUE(Call(&Stub::Validate, validate, &findings).ok()) << "a finding, not an error";
    ASSERT_EQ(findings.findings_size(), 1);
    EXPECT_EQ(findings.findings(0).severity(), v1::Finding::ERROR);
    EXPECT_EQ(findings.findings(0).reason(), c.reason);
  }
  v1::ListResponse list;
  ASSERT_TRUE(Call(&Stub::List, v1::ListRequest(), &list).ok());
  EXPECT_EQ(list.streamers_size(), 0);
}

TEST_F(StreamerServiceTest, UpdateAndEtag) {
  v1::Streamer first, second;
  ASSERT_TRUE(Create(Spec("a"), false, &first).ok());
  v1::StreamerSpec changed = Spec("a");
  changed.mutable_batch()->set_max_events(7);
  ASSERT_TRUE(Update(changed, first.etag(), &second).ok());
  EXPECT_EQ(second.spec().batch().max_events(), 7u);
  EXPECT_NE(second.etag(), first.etag());
  changed.mutable_batch()->set_max_events(8);
  ExpectError(Update(changed, first.etag(), &second), StatusCode::ABORTED, "STALE_ETAG");
  ExpectError(Delete("a", first.etag()), StatusCode::ABORTED, "STALE_ETAG");
  EXPECT_TRUE(Delete("a", second.etag().empty() ? "" : "").ok());
}

TEST_F(StreamerServiceTest, ApplyOutcomes) {
  v1::ApplyResponse response;
  ASSERT_TRUE(Apply(Spec("a"), false, &response).ok());
  EXPECT_EQ(response.outcome(), v1::ApplyResponse::CREATED);
  ASSERT_TRUE(Apply(Spec("a"), false, &response).ok());
  EXPECT_EQ(response.outcome(), v1::ApplyResponse::UNCHANGED);
  EXPECT_EQ(response.changes_size(), 0);
  v1::StreamerSpec changed = Spec("a");
  changed.mutable_source()->set_server_id(5);
  ASSERT_TRUE(Apply(changed, true, &response).ok());
  EXPECT_EQ(response.outcome(), v1::ApplyResponse::UPDATED);
  ASSERT_EQ(response.changes_size(), 1);
  EXPECT_EQ(response.changes(0).field(), "source.server_id");
  EXPECT_EQ(response.streamer().status().desired_state(), v1::DESIRED_STATE_RUNNING);
}

TEST_F(StreamerServiceTest, ApplyMayOnlyTell) {
  v1::ApplyRequest request;
  *request.mutable_spec() = Spec("a");
  request.mutable_spec()->mutable_source()->mutable_password()->set_value("s3cret");
  request.set_validate_only(true);
  v1::ApplyResponse response;
  ASSERT_TRUE(Call(&Stub::Apply, request, &response).ok());
  EXPECT_EQ(response.outcome(), v1::ApplyResponse::CREATED);
  EXPECT_FALSE(response.restarts());
  EXPECT_EQ(response.streamer().spec().batch().max_events(), 1000u) << "defaults are filled in";
  EXPECT_FALSE(response.streamer().spec().source().has_password());
  EXPECT_FALSE(response.streamer().has_create_time());
  v1::Streamer streamer;
  EXPECT_EQ(Call(&Stub::Get, Named<v1::GetRequest>("a"), &streamer).error_code(), StatusCode::NOT_FOUND);
  ASSERT_TRUE(Create(Spec("a"), true, &streamer).ok());
  request.mutable_spec()->mutable_batch()->set_max_events(7);
  ASSERT_TRUE(Call(&Stub::Apply, request, &response).ok());
  EXPECT_EQ(response.outcome(), v1::ApplyResponse::UPDATED);
  EXPECT_TRUE(response.restarts());
  ASSERT_EQ(response.changes_size(), 2) << "the password is new as well";
  EXPECT_EQ(response.changes(0).field(), "source.password");
  EXPECT_EQ(response.changes(1).field(), "batch.max_events");
  EXPECT_EQ(response.changes(1).effect(), v1::FieldChange::RESTART);
  EXPECT_EQ(response.ShortDebugString().find("s3cret"), std::string::npos);
  EXPECT_EQ(response.streamer().spec().batch().max_events(), 7u);
  EXPECT_EQ(response.streamer().etag(), streamer.etag());
  ASSERT_TRUE(Call(&Stub::Get, Named<v1::GetRequest>("a"), &streamer).ok());
  EXPECT_EQ(streamer.spec().batch().max_events(), 1000u);
  request.mutable_spec()->clear_targets();
  ExpectError(Call(&Stub::Apply, request, &response), StatusCode::INVALID_ARGUMENT, "BAD_VALUE", "targets");
}

TEST_F(StreamerServiceTest, StartStopStatusMetrics) {
  ASSERT_TRUE(Create(Spec("a"), false).ok());
  ExpectError(Stop("a"), StatusCode::FAILED_PRECONDITION, "NOT_RUNNING");
  v1::Streamer streamer;
  ASSERT_TRUE(Call(&Stub::Start, Named<v1::StartRequest>("a"), &streamer).ok());
  EXPECT_EQ(streamer.status().desired_state(), v1::DESIRED_STATE_RUNNING);
  ExpectError(Call(&Stub::Start, Named<v1::StartRequest>("a"), &streamer), StatusCode::FAILED_PRECONDITION,
              "ALREADY_RUNNING");
  v1::StreamerStatus status;
  ASSERT_TRUE(Eventually([&] {
    return Call(&Stub::Status, Named<v1::StatusRequest>("a"), &status).ok() && status.state() == v1::RETRYING;
  }));
  EXPECT_FALSE(status.error().reason().empty());
  EXPECT_FALSE(status.error().message().empty());
  EXPECT_GT(status.error().since().seconds(), 0);
  EXPECT_GT(status.next_retry().seconds(), 0);
  EXPECT_GE(status.retries(), 1u);
  EXPECT_EQ(status.source().endpoint(), "127.0.0.1:1");
  EXPECT_FALSE(status.source().connected());
  EXPECT_EQ(status.targets_size(), 1);
  v1::MetricsResponse metrics;
  ASSERT_TRUE(Call(&Stub::Metrics, Named<v1::MetricsRequest>("a"), &metrics).ok());
  std::set<std::string> seen;
  for (const v1::Metric& metric : metrics.metrics()) {
    seen.insert(metric.name());
    EXPECT_EQ(metric.labels().at("streamer"), "a");
    EXPECT_FALSE(metric.help().empty());
  }
  EXPECT_EQ(seen.count("binlogd_streamer_lag_seconds"), 1u);
  ASSERT_TRUE(Stop("a").ok());
  ASSERT_TRUE(Call(&Stub::Status, Named<v1::StatusRequest>("a"), &status).ok());
  EXPECT_EQ(status.state(), v1::STOPPED);
  EXPECT_FALSE(status.has_error());
  EXPECT_FALSE(status.has_next_retry());
}

TEST_F(StreamerServiceTest, ValidateLooksAtTheSourceAndTheFolders) {
  v1::ValidateRequest request;
  *request.mutable_spec() = Spec("a");
  v1::ValidateResponse response;
  ASSERT_TRUE(Call(&Stub::Validate, request, &response).ok());
  ASSERT_EQ(response.findings_size(), 3) << response.DebugString();
  EXPECT_EQ(response.findings(0).severity(), v1::Finding::OK);
  EXPECT_EQ(response.findings(1).subject(), "source 127.0.0.1:1");
  EXPECT_EQ(response.findings(1).severity(), v1::Finding::ERROR);
  EXPECT_FALSE(response.findings(1).reason().empty());
  EXPECT_EQ(response.findings(2).severity(), v1::Finding::OK);
  ASSERT_TRUE(Create(Spec("a"), false).ok());
  request.mutable_spec()->set_name("b");
  ASSERT_TRUE(Call(&Stub::Validate, request, &response).ok());
  EXPECT_EQ(response.findings(0).reason(), "TARGET_PATH_IN_USE");
}

TEST_F(StreamerServiceTest, ASecretByValueIsNeverAnswered) {
  const std::string secret = "Tr0ub4dor&3";
  v1::StreamerSpec spec = Spec("a");
  spec.mutable_source()->mutable_password()->set_value(secret);
  v1::Streamer streamer;
  v1::ListResponse list;
  v1::ApplyResponse applied;
  v1::StreamerStatus status;
  v1::ValidateResponse findings;
  std::string answers;
  ASSERT_TRUE(Create(spec, true, &streamer).ok());
  answers += streamer.SerializeAsString();
  ASSERT_TRUE(Eventually([&] {
    return Call(&Stub::Status, Named<v1::StatusRequest>("a"), &status).ok() && status.state() == v1::RETRYING;
  }));
  answers += status.SerializeAsString();
  ASSERT_TRUE(Call(&Stub::Get, Named<v1::GetRequest>("a"), &streamer).ok());
  EXPECT_FALSE(streamer.spec().source().has_password());
  answers += streamer.SerializeAsString();
  ASSERT_TRUE(Call(&Stub::List, v1::ListRequest(), &list).ok());
  answers += list.SerializeAsString();
  ASSERT_TRUE(Apply(spec, true, &applied).ok());
  answers += applied.SerializeAsString();
  ASSERT_TRUE(Update(spec, "", &streamer).ok());
  answers += streamer.SerializeAsString();
  answers += Create(spec, true).error_message();
  v1::ValidateRequest validate;
  *validate.mutable_spec() = spec;
  ASSERT_TRUE(Call(&Stub::Validate, validate, &findings).ok());
  answers += findings.SerializeAsString();
  EXPECT_EQ(answers.find(secret), std::string::npos);
  EXPECT_EQ(manager_->Get("a")->spec.source.password.text, secret);
  // What Get answered can be sent back: the secret stays.
  ASSERT_TRUE(Call(&Stub::Get, Named<v1::GetRequest>("a"), &streamer).ok());
  ASSERT_TRUE(Apply(streamer.spec(), false, &applied).ok());
  EXPECT_EQ(applied.outcome(), v1::ApplyResponse::UNCHANGED);
  EXPECT_EQ(manager_->Get("a")->spec.source.password.text, secret);
}

TEST_F(StreamerServiceTest, ShuttingDownIsUnavailable) {
  ASSERT_TRUE(Create(Spec("a"), false).ok());
  manager_->Shutdown();
  ExpectError(Create(Spec("b"), false), StatusCode::UNAVAILABLE, "SHUTTING_DOWN");
  v1::Streamer streamer;
  ExpectError(Call(&Stub::Start, Named<v1::StartRequest>("a"), &streamer), StatusCode::UNAVAILABLE, "SHUTTING_DOWN");
  EXPECT_TRUE(Call(&Stub::Get, Named<v1::GetRequest>("a"), &streamer).ok()) << "looking is allowed";
}

}  // namespace
}  // namespace binlogd
