#include "s3/s3_answers.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "s3/xml.h"

namespace binlogd {
namespace {

// An error's text is short; what a proxy sends in its place may not be.
constexpr size_t kMostErrorBytes = 64 << 10;

absl::Status Invalid(absl::string_view what) { return MakeError(absl::StatusCode::kInternal, "ANSWER_INVALID", what); }

absl::StatusOr<pugi::xml_node> ParseRoot(absl::string_view text, const char* name, pugi::xml_document* document) {
  RETURN_IF_ERROR(ParseXml(text, document));
  const pugi::xml_node root = document->document_element();
  if (absl::string_view(root.name()) == name) return root;
  return Invalid(absl::StrCat("the answer is ", Shown(root.name()), ", not ", name));
}

// Of a listing with EncodingType "url": %XX, and '+' for a space.
std::optional<std::string> UrlDecoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    if (text[i] != '%') {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
    } else if (i + 2 < text.size() && absl::SimpleHexAtoi(text.substr(i + 1, 2), &byte)) {
      decoded.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return decoded;
}

// Reads names as a listing has them.
class NameReader {
 public:
  explicit NameReader(const pugi::xml_node& root)
      : encoded_(absl::string_view(root.child_value("EncodingType")) == "url") {}

  absl::StatusOr<std::string> Read(const pugi::xml_node& node, const char* name) const {
    const char* const text = node.child_value(name);
    if (!encoded_) return std::string(text);
    std::optional<std::string> decoded = UrlDecoded(text);
    if (!decoded) return Invalid(absl::StrCat(name, " is not encoded as announced: ", Shown(text)));
    return *std::move(decoded);
  }

 private:
  const bool encoded_;
};

bool IsTruncated(const pugi::xml_node& root) { return absl::string_view(root.child_value("IsTruncated")) == "true"; }

absl::StatusOr<ObjectInfo> ParseObject(const pugi::xml_node& node, const NameReader& names) {
  ObjectInfo object;
  ASSIGN_OR_RETURN(object.key, names.Read(node, "Key"));
  if (object.key.empty()) return Invalid("an object in the listing has no key");
  if (!absl::SimpleAtoi(node.child_value("Size"), &object.size)) {
    return Invalid(absl::StrCat("the size of ", Shown(object.key), " is no number"));
  }
  object.etag = EtagOf(node.child_value("ETag"));
  if (!absl::ParseTime(absl::RFC3339_full, node.child_value("LastModified"), &object.modified, nullptr)) {
    return Invalid(absl::StrCat("when ", Shown(object.key), " was modified is no time"));
  }
  return object;
}

}  // namespace

S3ErrorText ParseS3Error(absl::string_view text) {
  pugi::xml_document document;
  S3ErrorText error;
  if (text.size() > kMostErrorBytes || !ParseXml(text, &document).ok()) return error;
  const pugi::xml_node root = document.document_element();
  if (absl::string_view(root.name()) != "Error") return error;
  error.code = root.child_value("Code");
  error.message = root.child_value("Message");
  error.region = root.child_value("Region");
  error.endpoint = root.child_value("Endpoint");
  return error;
}

absl::StatusOr<ListPage> ParseListPage(absl::string_view text) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, ParseRoot(text, "ListBucketResult", &document));
  const NameReader names(root);
  ListPage page;
  for (const pugi::xml_node& node : root.children("Contents")) {
    ASSIGN_OR_RETURN(ObjectInfo object, ParseObject(node, names));
    page.listing.objects.push_back(std::move(object));
  }
  for (const pugi::xml_node& node : root.children("CommonPrefixes")) {
    ASSIGN_OR_RETURN(std::string prefix, names.Read(node, "Prefix"));
    page.listing.prefixes.push_back(std::move(prefix));
  }
  if (!IsTruncated(root)) return page;
  page.next_token = root.child_value("NextContinuationToken");
  if (page.next_token.empty()) return Invalid("the listing goes on, but not where");
  return page;
}

absl::StatusOr<UploadsPage> ParseUploadsPage(absl::string_view text) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, ParseRoot(text, "ListMultipartUploadsResult", &document));
  const NameReader names(root);
  UploadsPage page;
  for (const pugi::xml_node& node : root.children("Upload")) {
    UploadsPage::Upload upload;
    ASSIGN_OR_RETURN(upload.key, names.Read(node, "Key"));
    upload.id = node.child_value("UploadId");
    if (upload.key.empty() || upload.id.empty()) return Invalid("an upload in the listing has no key or id");
    page.uploads.push_back(std::move(upload));
  }
  page.last = !IsTruncated(root);
  if (page.last) return page;
  ASSIGN_OR_RETURN(page.next_key, names.Read(root, "NextKeyMarker"));
  page.next_id = root.child_value("NextUploadIdMarker");
  if (page.next_key.empty()) return Invalid("the listing of uploads goes on, but not where");
  return page;
}

absl::StatusOr<std::string> ParseUploadId(absl::string_view text) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, ParseRoot(text, "InitiateMultipartUploadResult", &document));
  std::string id = root.child_value("UploadId");
  if (id.empty()) return Invalid("the upload has no id");
  return id;
}

absl::StatusOr<std::string> ParseCompletedEtag(absl::string_view text) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, ParseRoot(text, "CompleteMultipartUploadResult", &document));
  std::string etag = EtagOf(root.child_value("ETag"));
  if (etag.empty()) return Invalid("the upload's object has no etag");
  return etag;
}

std::string CompletionOf(const std::vector<std::string>& part_etags) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t i = 0; i < part_etags.size(); ++i) {
    const std::string etag = absl::StrReplaceAll(part_etags[i], {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
    absl::StrAppend(&body, "<Part><PartNumber>", i + 1, "</PartNumber><ETag>\"", etag, "\"</ETag></Part>");
  }
  return body + "</CompleteMultipartUpload>";
}

std::string EtagOf(absl::string_view header) {
  if (header.size() >= 2 && header.front() == '"' && header.back() == '"') header = header.substr(1, header.size() - 2);
  return std::string(header);
}

}  // namespace binlogd
