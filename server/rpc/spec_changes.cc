#include "rpc/spec_changes.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rpc/convert.h"

namespace binlogd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using Path = std::vector<MessageDifferencer::SpecificField>;

// Below these a path tells no more: a person thinks of them as one value.
bool IsOneValue(const FieldDescriptor& field) {
  if (field.is_repeated()) return true;
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
  const std::string& type = field.message_type()->full_name();
  return type == v1::Secret::descriptor()->full_name() || type == v1::StartSpec::descriptor()->full_name() ||
         absl::StartsWith(type, "google.protobuf.");
}

// Whether a target finds by this field of it what it holds.
bool NamesTheStore(const std::string& field) {
  static const auto* const fields = new std::set<std::string>{"file",
                                                              "file.path",
                                                              "s3",
                                                              "s3.bucket",
                                                              "s3.prefix",
                                                              "s3.endpoint",
                                                              "kafka",
                                                              "kafka.position_topic",
                                                              "kafka.transactional_id"};
  return fields->count(field) != 0;
}

// Of one cluster some brokers may go and others come, not all at once.
bool IsOtherCluster(const v1::KafkaTarget& before, const v1::KafkaTarget& after) {
  return std::none_of(before.brokers().begin(), before.brokers().end(), [&after](const std::string& broker) {
    return std::count(after.brokers().begin(), after.brokers().end(), broker) > 0;
  });
}

std::string KeyOf(const Message& entry) {
  return entry.GetReflection()->GetString(entry, entry.GetDescriptor()->map_key());
}

// Gathers what a comparison of two specs, with targets matched by their names, comes upon.
class Gatherer : public MessageDifferencer::Reporter {
 public:
  // `before` and `after` outlive it.
  Gatherer(const v1::StreamerSpec& before, const v1::StreamerSpec& after) : before_(before), after_(after) {}

  std::vector<v1::FieldChange> Take() {
    // Others that come and go move a target too.
    if (moved_ && !came_or_went_) Add("targets", "", v1::FieldChange::RESTART);
    return std::move(changes_);
  }

  void ReportAdded(const Message&, const Message&, const Path& path) override {
    Report(path, v1::FieldChange::TARGET_ADDED);
  }
  void ReportDeleted(const Message&, const Message&, const Path& path) override {
    // Of a target of another kind, that kind is told.
    if (path.size() == 2 && IsTarget(path[0]) && path[1].field->real_containing_oneof() != nullptr) return;
    Report(path, v1::FieldChange::TARGET_REMOVED);
  }
  void ReportModified(const Message&, const Message&, const Path& path) override {
    // Of a message what differs in it was told before.
    if (path.back().field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return;
    Report(path, v1::FieldChange::RESTART);
  }
  void ReportMoved(const Message&, const Message&, const Path&) override { moved_ = true; }

 private:
  // Of the first step of a path.
  static bool IsTarget(const MessageDifferencer::SpecificField& step) {
    return step.field->number() == v1::StreamerSpec::kTargetsFieldNumber;
  }

  // `of_target`: what it means when the path names a target and nothing in it.
  void Report(const Path& path, v1::FieldChange::Effect of_target) {
    const bool added = of_target == v1::FieldChange::TARGET_ADDED;
    if (!IsTarget(path[0])) {
      const bool label = path[0].field->number() == v1::StreamerSpec::kLabelsFieldNumber;
      return Add(Text(path.begin(), path.end(), added), "",
                 label ? v1::FieldChange::AT_ONCE : v1::FieldChange::RESTART);
    }
    const bool removed = path.size() == 1 && of_target == v1::FieldChange::TARGET_REMOVED;
    const int index = removed ? path[0].index : path[0].new_index;
    const std::string target = absl::StrCat("targets[", index, "]");
    const std::string& name = (removed ? before_ : after_).targets(index).name();
    if (path.size() == 1) {
      came_or_went_ = true;
      return Add(target, name, of_target);
    }
    const std::string field = Text(path.begin() + 1, path.end(), added);
    const bool moved =
        NamesTheStore(field) || (field == "kafka.brokers" && IsOtherCluster(before_.targets(path[0].index).kafka(),
                                                                            after_.targets(path[0].new_index).kafka()));
    Add(absl::StrCat(target, ".", field), name, moved ? v1::FieldChange::TARGET_MOVED : v1::FieldChange::RESTART);
  }

  // `added`: to a map, which has its key on that side only.
  static std::string Text(Path::const_iterator step, Path::const_iterator end, bool added) {
    std::string text;
    for (; step != end; ++step) {
      absl::StrAppend(&text, text.empty() ? "" : ".", step->field->name());
      const Message* entry = added ? step->map_entry2 : step->map_entry1;
      if (entry != nullptr) absl::StrAppend(&text, ".", KeyOf(*entry));
      if (IsOneValue(*step->field)) break;
    }
    return text;
  }

  // Of the parts of one value there may be several reports.
  void Add(const std::string& field, const std::string& target, v1::FieldChange::Effect effect) {
    if (!changes_.empty() && changes_.back().field() == field) return;
    v1::FieldChange& change = changes_.emplace_back();
    change.set_field(field);
    change.set_target(target);
    change.set_effect(effect);
  }

  const v1::StreamerSpec& before_;
  const v1::StreamerSpec& after_;
  bool moved_ = false;
  bool came_or_went_ = false;
  std::vector<v1::FieldChange> changes_;
};

}  // namespace

std::vector<v1::FieldChange> ChangesOf(const StreamerSpec& before, const StreamerSpec& after) {
  const v1::StreamerSpec before_message = ToProto(before, Secrets::kIncluded);
  const v1::StreamerSpec after_message = ToProto(after, Secrets::kIncluded);
  Gatherer gatherer(before_message, after_message);
  MessageDifferencer differencer;
  differencer.TreatAsMap(v1::StreamerSpec::descriptor()->FindFieldByNumber(v1::StreamerSpec::kTargetsFieldNumber),
                         v1::TargetSpec::descriptor()->FindFieldByNumber(v1::TargetSpec::kNameFieldNumber));
  differencer.ReportDifferencesTo(&gatherer);
  differencer.Compare(before_message, after_message);
  return gatherer.Take();
}

}  // namespace binlogd
