// Texts of any length, in every field of every request: the right error, of a size that reaches the client.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <functional>

#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::Reflection;
using grpc::StatusCode;

constexpr size_t kLong = 1 << 20;
// Quoted texts are cut; what else stands in a message is ours.
constexpr size_t kMostErrorBytes = 1024;

// Calls `use` with the path of each text in messages of this type, through the fields that lead to it.
void ForEachText(const Descriptor* type, std::vector<const FieldDescriptor*>* path, const std::function<void()>& use) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    path->push_back(field);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) use();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) ForEachText(field->message_type(), path, use);
    path->pop_back();
  }
}

std::string PathText(const std::vector<const FieldDescriptor*>& path) {
  std::string text;
  for (const FieldDescriptor* field : path) text += "." + field->name() + (field->is_repeated() ? "[]" : "");
  return text.substr(1);
}

// Of lists and maps the first element is taken, and made when there is none.
void SetText(Message* message, const std::vector<const FieldDescriptor*>& path, const std::string& text) {
  for (const FieldDescriptor* field : path) {
    const Reflection& reflection = *message->GetReflection();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        message = reflection.MutableMessage(message, field);
      } else if (reflection.FieldSize(*message, field) > 0) {
        message = reflection.MutableRepeatedMessage(message, field, 0);
      } else {
        message = reflection.AddMessage(message, field);
      }
    } else if (!field->is_repeated()) {
      reflection.SetString(message, field, text);
    } else if (reflection.FieldSize(*message, field) > 0) {
      reflection.SetRepeatedString(message, field, 0, text);
    } else {
      reflection.AddString(message, field, text);
    }
  }
}

class LongTextTest : public testing::RpcTest {
 protected:
  LongTextTest() {
    RpcServerOptions options{"127.0.0.1:0"};
    options.limits.calls_per_second = 0;
    Serve(options);
    EXPECT_TRUE(Create(Spec("there"), false).ok());
  }

  // A request that is right, but for what is put into it; `kind` chooses the target's kind.
  std::unique_ptr<Message> Request(const MethodDescriptor& method, const std::string& kind) const {
    std::unique_ptr<Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type())->New());
    const Reflection& reflection = *request->GetReflection();
    if (const FieldDescriptor* name = method.input_type()->FindFieldByName("name")) {
      reflection.SetString(request.get(), name, "there");
    }
    if (const FieldDescriptor* field = method.input_type()->FindFieldByName("spec")) {
      v1::StreamerSpec spec = Spec("there");
      if (method.name() == "Create") spec = Spec("new");
      v1::TargetSpec* target = spec.mutable_targets(0);
      if (kind == "s3") target->mutable_s3()->set_bucket("backups");
      if (kind == "kafka") {
        target->mutable_kafka()->add_brokers("127.0.0.1:1");
        target->mutable_kafka()->set_format(v1::JSON);
      }
      reflection.MutableMessage(request.get(), field)->CopyFrom(spec);
    }
    if (method.name() == "Apply") {
      reflection.SetBool(request.get(), method.input_type()->FindFieldByName("validate_only"), true);
    }
    return request;
  }

  static const google::protobuf::ServiceDescriptor& Service() {
    return *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("binlogd.v1.StreamerService");
  }

  // What the answer of a call says against it: of Validate what it found.
  grpc::Status Call(const MethodDescriptor& method, const Message& request) {
    const RawAnswer answer = Ask("/binlogd.v1.StreamerService/" + method.name(), request.SerializeAsString(), "",
                                 /*cancel=*/method.server_streaming());
    if (method.name() != "Validate" || !answer.status.ok()) return answer.status;
    v1::ValidateResponse response;
    EXPECT_TRUE(response.ParseFromString(answer.message));
    if (response.findings(0).severity() != v1::Finding::ERROR) return answer.status;
    return grpc::Status(StatusCode::INVALID_ARGUMENT, response.findings(0).message());
  }
};

TEST_F(LongTextTest, EveryFieldOfEveryRequestIsRefusedInAFewWords) {
  const std::string text(kLong, 'x');
  int calls = 0;
  for (int i = 0; i < Service().method_count(); ++i) {
    const MethodDescriptor& method = *Service().method(i);
    std::vector<const FieldDescriptor*> path;
    ForEachText(method.input_type(), &path, [&] {
      const std::string place = PathText(path);
      const std::string kind = place.find(".s3.") != std::string::npos      ? "s3"
                               : place.find(".kafka.") != std::string::npos ? "kafka"
                                                                            : "file";
      SCOPED_TRACE(method.name() + " " + place);
      const std::unique_ptr<Message> request = Request(method, kind);
      SetText(request.get(), path, text);
      const grpc::Status status = Call(method, *request);
      const StatusCode code = place == "name"   ? StatusCode::NOT_FOUND
                              : place == "etag" ? StatusCode::ABORTED
                                                : StatusCode::INVALID_ARGUMENT;
      EXPECT_EQ(status.error_code(), code) << status.error_message().substr(0, kMostErrorBytes);
      EXPECT_LE(status.error_message().size(), kMostErrorBytes);
      EXPECT_LE(status.error_details().size(), 2 * kMostErrorBytes);
      ++calls;
    });
  }
  EXPECT_GT(calls, 200) << "the fields were found";
}

TEST_F(LongTextTest, WithoutALongTextTheRequestsAreRight) {
  for (const std::string kind : {"file", "s3", "kafka"}) {
    const MethodDescriptor& apply = *Service().FindMethodByName("Apply");
    const grpc::Status status = Call(apply, *Request(apply, kind));
    EXPECT_TRUE(status.ok()) << kind << ": " << status.error_message();
  }
}

}  // namespace
}  // namespace binlogd
