#include "client/printer.h"

#include "absl/strings/str_cat.h"

namespace binlogd {

using google::protobuf::Message;

void Printer::Print(const Message& message, UnsetFields unset) {
  output_->Write(format_ == OutputFormat::kYaml ? ToYaml(message, unset) : ToJson(message, unset));
}

void Printer::PrintAll(const std::vector<const Message*>& messages, UnsetFields unset) {
  output_->Write(format_ == OutputFormat::kYaml ? ToYaml(messages, unset) : ToJson(messages, unset));
}

void Printer::PrintNext(const Message& message, UnsetFields unset) {
  output_->Write(format_ == OutputFormat::kYaml ? absl::StrCat("---\n", ToYaml(message, unset))
                                                : absl::StrCat(ToJsonLine(message, unset), "\n"));
}

}  // namespace binlogd
