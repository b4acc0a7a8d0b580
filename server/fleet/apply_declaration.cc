#include "fleet/apply_declaration.h"

#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/shown.h"
#include "base/thread_pool.h"

namespace binlogd {
namespace {

// Changes that are under way at a time.
constexpr int kAtATime = 8;
// How long one change is waited for.
constexpr absl::Duration kPatience = absl::Seconds(10);

// A change that goes on by itself is as good as done.
absl::Status Accepted(const absl::Status& status) {
  return ErrorReason(status) == "CHANGE_GOES_ON" ? absl::OkStatus() : status;
}

template <typename ChangeOne>
absl::Status WithPatience(const Cancellation& ended, const ChangeOne& change) {
  Cancellation patience(absl::Now() + kPatience);
  const Cancellation::Listener end(ended, [&patience] { patience.Cancel(); });
  return Accepted(change(patience));
}

void TellOf(const ChangeListener& listener, const std::string& method, const std::string& name,
            const absl::Status& result) {
  if (listener != nullptr) listener(method, name, result);
}

absl::Status ApplySpec(Manager& manager, const DeclaredSpec& declared, const Cancellation& ended,
                       const ChangeListener& listener) {
  const std::string& name = declared.spec.name;
  // The same again is no change to tell of.
  Manager::Applied applying;
  const absl::StatusOr<StreamerView> preview = manager.Preview(declared.spec, /*start=*/false, &applying);
  if (preview.ok() && applying.outcome == Manager::Outcome::kUnchanged) return absl::OkStatus();
  const absl::Status applied = WithPatience(ended, [&](const Cancellation& patience) {
    const absl::Status updated = manager.Update(declared.spec, "", patience).status();
    if (ErrorReason(updated) != "STREAMER_NOT_FOUND") {
      // A bad spec is refused before it is looked whether there is such a streamer.
      const bool is_new = !updated.ok() && applying.outcome == Manager::Outcome::kCreated;
      TellOf(listener, is_new ? "Create" : "Update", name, Accepted(updated));
      return updated;
    }
    const absl::Status created =
        manager.Create(declared.spec, /*start=*/true, Creation{"", "", declared.file}).status();
    TellOf(listener, "Create", name, created);
    return created;
  });
  return Annotate(applied, absl::StrCat(declared.file, ": streamer ", Shown(name)));
}

// Applies all; those that are refused, and why.
std::vector<std::pair<const DeclaredSpec*, absl::Status>> ApplyAll(const std::vector<const DeclaredSpec*>& specs,
                                                                   const Cancellation& ended,
                                                                   const ChangeListener& listener, Manager& manager) {
  std::vector<absl::Status> results(specs.size());
  {
    ThreadPool pool("fleet-apply", kAtATime);
    for (size_t i = 0; i < specs.size(); ++i) {
      pool.Run([&, i] { results[i] = ApplySpec(manager, *specs[i], ended, listener); });
    }
  }
  std::vector<std::pair<const DeclaredSpec*, absl::Status>> refused;
  for (size_t i = 0; i < specs.size(); ++i) {
    if (!results[i].ok()) refused.emplace_back(specs[i], results[i]);
  }
  return refused;
}

void FindLeft(const Declaration& declaration, bool prune, const Cancellation& ended, const ChangeListener& listener,
              Manager& manager, FleetReport* report) {
  std::set<std::string> declared = declaration.refused_names;
  for (const DeclaredSpec& spec : declaration.specs) declared.insert(spec.spec.name);
  for (const StreamerView& view : manager.List()) {
    if (view.declared_in.empty() || declared.count(view.spec.name) != 0) continue;
    if (!prune || !declaration.is_whole()) {
      report->left.push_back(view.spec.name);
      continue;
    }
    // Told while it is there: afterwards the line would be no streamer's.
    Log(LogLevel::kInfo, view.spec.name, "is pruned: no spec file declares it any more");
    const absl::Status deleted = WithPatience(
        ended, [&](const Cancellation& patience) { return manager.Delete(view.spec.name, view.etag, patience); });
    TellOf(listener, "Delete", view.spec.name, deleted);
    if (deleted.ok()) {
      report->pruned.push_back(view.spec.name);
    } else if (!absl::IsNotFound(deleted)) {
      report->refused.push_back(Annotate(deleted, absl::StrCat("pruning streamer ", Shown(view.spec.name))));
    }
  }
}

}  // namespace

FleetReport ApplyDeclaration(const Declaration& declaration, bool prune, const Cancellation& ended, Manager* manager,
                             const ChangeListener& listener) {
  FleetReport report;
  report.refused = declaration.refused;
  // First, so that a streamer under a new name finds its targets free.
  FindLeft(declaration, prune, ended, listener, *manager, &report);
  std::vector<const DeclaredSpec*> specs;
  for (const DeclaredSpec& declared : declaration.specs) specs.push_back(&declared);
  // What one is refused for another may give up: again, as long as that helps.
  for (;;) {
    const std::vector<std::pair<const DeclaredSpec*, absl::Status>> refused =
        ApplyAll(specs, ended, listener, *manager);
    const bool helped = refused.size() < specs.size();
    report.applied += specs.size() - refused.size();
    specs.clear();
    for (const auto& [spec, status] : refused) specs.push_back(spec);
    if (!specs.empty() && helped && !ended.cancelled()) continue;
    for (const auto& [spec, status] : refused) report.refused.push_back(status);
    return report;
  }
}

}  // namespace binlogd
