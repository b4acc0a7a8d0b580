#include "rpc/changes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "rpc/convert.h"
#include "rpc/spec_changes.h"

namespace binlogd {
namespace {

v1::ApplyResponse::Outcome ToProto(Manager::Outcome outcome) {
  switch (outcome) {
    case Manager::Outcome::kCreated: return v1::ApplyResponse::CREATED;
    case Manager::Outcome::kUpdated:
    case Manager::Outcome::kRestarted: return v1::ApplyResponse::UPDATED;
    case Manager::Outcome::kUnchanged: return v1::ApplyResponse::UNCHANGED;
  }
  return v1::ApplyResponse::OUTCOME_UNSPECIFIED;
}

absl::Status Answer(const absl::StatusOr<StreamerView>& view, v1::Streamer* response) {
  if (view.ok()) *response = binlogd::ToProto(*view);
  return view.status();
}

// A delete that was accepted earlier.
absl::Status AwaitDelete(Manager& manager, const std::string& name, const Cancellation& caller) {
  const absl::Status there = manager.Settle(name, caller).status();
  if (absl::IsNotFound(there)) return absl::OkStatus();
  RETURN_IF_ERROR(there);
  return MakeError(absl::StatusCode::kAborted, "STREAMER_EXISTS",
                   absl::StrCat("the delete was accepted before, and yet there is a streamer \"", name,
                                "\": it was made anew, or could not be removed; look at it, and delete it with another "
                                "request_id"));
}

absl::StatusOr<StreamerView> AwaitApply(Manager& manager, const v1::ApplyRequest& request, const Cancellation& caller) {
  ASSIGN_OR_RETURN(StreamerView view, manager.Settle(request.spec().name(), caller));
  if (!request.start() || view.snapshot.desired_running) return view;
  return manager.Start(request.spec().name(), caller);
}

}  // namespace

Changes::Changes(Manager* manager) : manager_(manager), requests_(absl::Now) {}

absl::Status Changes::Create(const v1::CreateRequest& request, const std::string& user, const Cancellation& caller,
                             v1::Streamer* response) {
  ASSIGN_OR_RETURN(const RequestKey key, KeyOf(request, request.request_id(), user));
  return requests_.Run(key, caller, response, [&](bool) -> absl::Status {
    ASSIGN_OR_RETURN(const StreamerSpec spec, FromProto(request.spec()));
    return Answer(manager_->Create(spec, request.start(), Creation{key.id, key.digest}), response);
  });
}

absl::Status Changes::Update(const v1::UpdateRequest& request, const std::string& user, const Cancellation& caller,
                             v1::Streamer* response) {
  ASSIGN_OR_RETURN(const RequestKey key, KeyOf(request, request.request_id(), user));
  return requests_.Run(key, caller, response, [&](bool accepted) -> absl::Status {
    if (accepted) return Answer(manager_->Settle(request.spec().name(), caller), response);
    ASSIGN_OR_RETURN(StreamerSpec spec, FromProto(request.spec()));
    return Answer(manager_->Update(std::move(spec), request.etag(), caller), response);
  });
}

absl::Status Changes::Delete(const v1::DeleteRequest& request, const std::string& user, const Cancellation& caller,
                             v1::DeleteResponse* response) {
  ASSIGN_OR_RETURN(const RequestKey key, KeyOf(request, request.request_id(), user));
  return requests_.Run(key, caller, response, [&](bool accepted) {
    return accepted ? AwaitDelete(*manager_, request.name(), caller)
                    : manager_->Delete(request.name(), request.etag(), caller);
  });
}

absl::Status Changes::Apply(const v1::ApplyRequest& request, const std::string& user, const Cancellation& caller,
                            v1::ApplyResponse* response) {
  ASSIGN_OR_RETURN(const RequestKey key, KeyOf(request, request.request_id(), user));
  return requests_.Run(key, caller, response, [&](bool accepted) -> absl::Status {
    Manager::Applied applied{Manager::Outcome::kRestarted, StreamerSpec()};
    absl::StatusOr<StreamerView> view;
    if (accepted) {
      view = AwaitApply(*manager_, request, caller);
    } else {
      ASSIGN_OR_RETURN(const StreamerSpec spec, FromProto(request.spec()));
      view = request.validate_only() ? manager_->Preview(spec, request.start(), &applied)
                                     : manager_->Apply(spec, request.start(), &applied, caller);
    }
    RETURN_IF_ERROR(view.status());
    response->set_outcome(ToProto(applied.outcome));
    response->set_restarts(applied.outcome == Manager::Outcome::kRestarted);
    if (!accepted && response->outcome() == v1::ApplyResponse::UPDATED) {
      for (v1::FieldChange& change : ChangesOf(applied.before, view->spec)) {
        *response->add_changes() = std::move(change);
      }
    }
    *response->mutable_streamer() = binlogd::ToProto(*view);
    return absl::OkStatus();
  });
}

absl::Status Changes::Start(const v1::StartRequest& request, const std::string& user, const Cancellation& caller,
                            v1::Streamer* response) {
  ASSIGN_OR_RETURN(const RequestKey key, KeyOf(request, request.request_id(), user));
  return requests_.Run(key, caller, response,
                       [&](bool) { return Answer(manager_->Start(request.name(), caller), response); });
}

absl::Status Changes::Stop(const v1::StopRequest& request, const std::string& user, const Cancellation& caller,
                           v1::Streamer* response) {
  ASSIGN_OR_RETURN(const RequestKey key, KeyOf(request, request.request_id(), user));
  return requests_.Run(key, caller, response,
                       [&](bool) { return Answer(manager_->Stop(request.name(), caller), response); });
}

}  // namespace binlogd
