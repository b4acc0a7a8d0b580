// One who watches.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "binlogd/v1/service.grpc.pb.h"

namespace binlogd::testing {

// A watcher that knows what it was told.
struct Watch {
  // `token` says who watches; empty: nobody.
  Watch(v1::StreamerService::Stub* stub, const v1::WatchRequest& request, const std::string& token = "") {
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    reader = stub->Watch(&context, request);
  }
  ~Watch() {
    context.TryCancel();
    Finish();
  }
  // How it ended; waits for that.
  grpc::Status Finish() {
    if (reader == nullptr) return grpc::Status();
    const grpc::Status status = reader->Finish();
    reader.reset();
    return status;
  }
  // Takes messages until `done`; false when the watch ended before.
  template <typename Done>
  bool Until(Done done) {
    v1::WatchResponse response;
    while (!done()) {
      if (!reader->Read(&response)) return false;
      Take(response);
    }
    return true;
  }
  bool Synced() {
    synced = false;
    return Until([this] { return synced; });
  }
  void Take(const v1::WatchResponse& response) {
    if (response.reset()) {
      ++resets;
      streamers.clear();
    }
    EXPECT_GE(response.revision(), revision);
    revision = response.revision();
    synced = response.synced();
    for (const v1::WatchResponse::Change& change : response.changes()) {
      if (change.has_streamer()) streamers[change.streamer().spec().name()] = change.streamer();
      if (change.has_status()) {
        EXPECT_EQ(streamers.count(change.status().name()), 1u) << "only of one that was told as a whole";
        *streamers[change.status().name()].mutable_status() = change.status();
      }
      if (change.kind_case() == v1::WatchResponse::Change::kDeleted) {
        streamers.erase(change.deleted());
        deleted.insert(change.deleted());
      }
    }
  }
  std::string Names() const {
    std::string names;
    for (const auto& [name, streamer] : streamers) absl::StrAppend(&names, name, " ");
    return names;
  }
  v1::State StateOf(const std::string& name) { return streamers[name].status().state(); }

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> reader;
  std::map<std::string, v1::Streamer> streamers;
  std::set<std::string> deleted;
  uint64_t revision = 0;
  bool synced = false;
  int resets = 0;
};

}  // namespace binlogd::testing
