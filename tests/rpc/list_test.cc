#include "absl/strings/str_cat.h"
#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

using grpc::StatusCode;

class ListTest : public testing::RpcTest {
 protected:
  grpc::Status List(const v1::ListRequest& request, v1::ListResponse* response) {
    grpc::ClientContext context;
    return stub_->List(&context, request, response);
  }
  // The names of a page, each before a blank, and then the state of things: "." for the last page.
  std::string Page(v1::ListRequest* request) {
    v1::ListResponse response;
    const grpc::Status status = List(*request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::string names;
    for (const v1::Streamer& streamer : response.streamers()) absl::StrAppend(&names, streamer.spec().name(), " ");
    request->set_page_token(response.next_page_token());
    return names + (response.next_page_token().empty() ? "." : "");
  }
  void Make(const std::string& name, const std::map<std::string, std::string>& labels = {}, bool start = false) {
    v1::StreamerSpec spec = Spec(name);
    spec.mutable_labels()->insert(labels.begin(), labels.end());
    ASSERT_TRUE(Create(spec, start).ok());
  }
};

TEST_F(ListTest, PagesAreStableUnderChanges) {
  for (const char* name : {"a", "b", "c", "d", "e"}) Make(name);
  v1::ListRequest request;
  request.set_page_size(2);
  EXPECT_EQ(Page(&request), "a b ");
  Make("aa");
  ASSERT_TRUE(Delete("a").ok());
  ASSERT_TRUE(Delete("b").ok());
  Make("cc");
  EXPECT_EQ(Page(&request), "c cc ");
  EXPECT_EQ(Page(&request), "d e .");
  EXPECT_EQ(Page(&request), "aa c ") << "the first again";
  request.set_page_size(5);
  request.clear_page_token();
  EXPECT_EQ(Page(&request), "aa c cc d e .");
  request.set_page_size(2147483647);
  EXPECT_EQ(Page(&request), "aa c cc d e .");
}

TEST_F(ListTest, Filters) {
  Make("shop-a", {{"team", "data"}, {"env", "prod"}});
  Make("shop-b", {{"team", "data"}, {"env", "test"}});
  Make("web", {{"team", "web"}}, true);
  v1::ListRequest request;
  request.mutable_filter()->set_selector("team=data,env!=prod");
  EXPECT_EQ(Page(&request), "shop-b .");
  request.mutable_filter()->set_selector("!env");
  EXPECT_EQ(Page(&request), "web .");
  request.mutable_filter()->set_selector("env in (prod,test)");
  request.set_page_size(1);
  EXPECT_EQ(Page(&request), "shop-a ");
  EXPECT_EQ(Page(&request), "shop-b .");
  request.mutable_filter()->Clear();
  request.mutable_filter()->set_name("*-b");
  EXPECT_EQ(Page(&request), "shop-b .");
  request.mutable_filter()->Clear();
  for (const v1::State state : {v1::STARTING, v1::RUNNING, v1::RETRYING}) request.mutable_filter()->add_states(state);
  EXPECT_EQ(Page(&request), "web .");
  request.mutable_filter()->set_name("none");
  EXPECT_EQ(Page(&request), ".");
}

TEST_F(ListTest, APageFitsIntoAMessage) {
  v1::StreamerSpec spec = Spec("");
  for (int i = 0; i < 1000; ++i) spec.mutable_filter()->add_databases(std::string(1000, 'x'));
  spec.mutable_targets(0)->mutable_file()->set_format(v1::JSON);
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    spec.set_name(name);
    spec.mutable_targets(0)->mutable_file()->set_path(dir_ / name);
    ASSERT_TRUE(Create(spec, false).ok());
  }
  v1::ListRequest request;
  EXPECT_EQ(Page(&request), "a b c ");
  EXPECT_EQ(Page(&request), "d e f .");
}

TEST_F(ListTest, BadRequests) {
  for (const char* name : {"a", "b"}) Make(name);
  v1::ListRequest request;
  v1::ListResponse response;
  request.set_page_size(-1);
  ExpectError(List(request, &response), StatusCode::INVALID_ARGUMENT, "BAD_VALUE", "page_size");
  request.set_page_size(1);
  request.mutable_filter()->set_selector("a=b=c");
  ExpectError(List(request, &response), StatusCode::INVALID_ARGUMENT, "BAD_SELECTOR", "filter.selector");
  request.mutable_filter()->clear_selector();
  for (const int state : {0, 99, -1}) {
    request.mutable_filter()->clear_states();
    request.mutable_filter()->add_states(static_cast<v1::State>(state));
    ExpectError(List(request, &response), StatusCode::INVALID_ARGUMENT, "BAD_VALUE", "filter.states[0]");
  }
  request.mutable_filter()->Clear();
  request.mutable_filter()->set_name(std::string(1000, '*'));
  ExpectError(List(request, &response), StatusCode::INVALID_ARGUMENT, "BAD_VALUE", "filter.name");
  request.mutable_filter()->Clear();
  for (const std::string& token : {std::string("x"), std::string("!"), std::string(5000, 'A'), std::string("YWJj")}) {
    request.set_page_token(token);
    ExpectError(List(request, &response), StatusCode::INVALID_ARGUMENT, "BAD_PAGE_TOKEN", "page_token");
  }
  request.clear_page_token();
  ASSERT_TRUE(List(request, &response).ok());
  request.set_page_token(response.next_page_token());
  request.mutable_filter()->set_selector("!x");
  ExpectError(List(request, &response), StatusCode::INVALID_ARGUMENT, "BAD_PAGE_TOKEN", "page_token");
}

}  // namespace
}  // namespace binlogd
