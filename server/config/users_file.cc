#include "config/users_file.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "config/yaml_tree.h"

namespace binlogd {
namespace {

// Reads one file. Not thread-safe.
class UsersReader {
 public:
  explicit UsersReader(absl::string_view origin) : origin_(origin) {}

  absl::StatusOr<std::vector<User>> Read(const YamlNode& root) {
    std::vector<User> users;
    RETURN_IF_ERROR(ForEachField(root, "the file", [&](const YamlNode::Entry& field) -> absl::Status {
      if (field.key != "users") return Unknown(field);
      for (const YamlNode& item : field.value.items) {
        ASSIGN_OR_RETURN(User user, ReadUser(item));
        users.push_back(std::move(user));
      }
      return field.value.kind == YamlNode::Kind::kList ? absl::OkStatus() : Fail(field.line, "users is not a list");
    }));
    // Half a file must not lock everybody out, nor no file let everybody in.
    if (users.empty()) return Fail(root.line, "no user is named; without --users everybody may do everything");
    return users;
  }

 private:
  absl::Status Fail(int line, absl::string_view message) const {
    return MakeError(absl::StatusCode::kInvalidArgument, "USERS_INVALID",
                     absl::StrCat(origin_, ":", line, ": ", message));
  }
  absl::Status Unknown(const YamlNode::Entry& field) const {
    return Fail(field.line, absl::StrCat("there is no field ", Shown(field.key), " here"));
  }

  template <typename Reader>
  absl::Status ForEachField(const YamlNode& node, absl::string_view what, Reader read) const {
    if (node.kind != YamlNode::Kind::kMapping) return Fail(node.line, absl::StrCat(what, " is not a mapping"));
    for (const YamlNode::Entry& field : node.entries) RETURN_IF_ERROR(read(field));
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReadText(const YamlNode& node, absl::string_view what) const {
    if (node.kind == YamlNode::Kind::kScalar && !node.scalar.empty()) return node.scalar;
    return Fail(node.line, absl::StrCat(what, " is not a text"));
  }

  // One text, or a list of them that is not empty.
  absl::StatusOr<std::vector<std::string>> ReadTexts(const YamlNode::Entry& field) const {
    std::vector<std::string> texts;
    if (field.value.kind != YamlNode::Kind::kList) {
      ASSIGN_OR_RETURN(std::string text, ReadText(field.value, field.key));
      return std::vector<std::string>{std::move(text)};
    }
    for (const YamlNode& item : field.value.items) {
      ASSIGN_OR_RETURN(std::string text, ReadText(item, field.key));
      texts.push_back(std::move(text));
    }
    if (texts.empty()) return Fail(field.line, absl::StrCat(field.key, " is an empty list"));
    return texts;
  }

  absl::StatusOr<User> ReadUser(const YamlNode& node) const {
    User user;
    RETURN_IF_ERROR(ForEachField(node, "a user", [&](const YamlNode::Entry& field) -> absl::Status {
      if (field.key == "name") {
        ASSIGN_OR_RETURN(user.name, ReadText(field.value, "name"));
      } else if (field.key == "token_sha256") {
        ASSIGN_OR_RETURN(user.tokens, ReadTokens(field.value));
      } else if (field.key == "certificate") {
        ASSIGN_OR_RETURN(user.certificate_names, ReadTexts(field));
      } else if (field.key == "grants") {
        ASSIGN_OR_RETURN(user.grants, ReadGrants(field));
      } else {
        return Unknown(field);
      }
      return absl::OkStatus();
    }));
    if (user.name.empty()) return Fail(node.line, "a user has no name");
    RETURN_IF_ERROR(CheckUserName(user.name, node.line));
    return user;
  }

  // A name stands in lines of logs, where it is not to be taken for anything else.
  absl::Status CheckUserName(absl::string_view name, int line) const {
    constexpr size_t kMostBytes = 255;
    const auto is_control = [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); };
    if (name.size() > kMostBytes || std::any_of(name.begin(), name.end(), is_control)) {
      return Fail(line, absl::StrCat(Shown(name), " is no user's name: at most ", kMostBytes,
                                     " bytes, and no control characters"));
    }
    if (name != kAnyone && name != kDeclarer) return absl::OkStatus();
    return Fail(line, absl::StrCat(Shown(name), " is no user's name: the audit log calls ",
                                   name == kAnyone ? "callers so when there is no file of users"
                                                   : "so what spec files declare"));
  }

  // One, or a list of them that is not empty.
  absl::StatusOr<std::vector<TokenGrant>> ReadTokens(const YamlNode& node) const {
    std::vector<TokenGrant> tokens;
    if (node.kind != YamlNode::Kind::kList) {
      ASSIGN_OR_RETURN(TokenGrant token, ReadToken(node));
      return std::vector<TokenGrant>{token};
    }
    for (const YamlNode& item : node.items) {
      ASSIGN_OR_RETURN(TokenGrant token, ReadToken(item));
      tokens.push_back(token);
    }
    if (tokens.empty()) return Fail(node.line, "token_sha256 is an empty list");
    return tokens;
  }

  // A hash, or a mapping of it and the time when the token ends.
  absl::StatusOr<TokenGrant> ReadToken(const YamlNode& node) const {
    TokenGrant token;
    if (node.kind != YamlNode::Kind::kMapping) {
      ASSIGN_OR_RETURN(token.hash, ReadHash(node));
      return token;
    }
    bool has_hash = false;
    RETURN_IF_ERROR(ForEachField(node, "a token", [&](const YamlNode::Entry& field) -> absl::Status {
      if (field.key == "hash") {
        ASSIGN_OR_RETURN(token.hash, ReadHash(field.value));
        has_hash = true;
        return absl::OkStatus();
      }
      if (field.key != "expires") return Unknown(field);
      ASSIGN_OR_RETURN(const std::string text, ReadText(field.value, "expires"));
      if (absl::ParseTime(absl::RFC3339_full, text, &token.expires, nullptr)) return absl::OkStatus();
      return Fail(field.line, absl::StrCat("expires is ", Shown(text), ", not a time such as 2027-01-31T00:00:00Z"));
    }));
    return has_hash ? absl::StatusOr<TokenGrant>(token) : Fail(node.line, "a token has no hash");
  }

  absl::StatusOr<TokenHash> ReadHash(const YamlNode& node) const {
    ASSIGN_OR_RETURN(const std::string text, ReadText(node, "token_sha256"));
    TokenHash hash;
    if (ParseTokenHash(text, &hash)) {
      if (hash != HashToken("")) return hash;
      return Fail(node.line,
                  "token_sha256 is the hash of no token at all; \"binlogd token\" makes a token and its hash");
    }
    // What stands there may be the token itself, so it is not repeated.
    return Fail(node.line, "token_sha256 is not 64 hexadecimal digits; \"binlogd token\" makes a token and its hash");
  }

  absl::StatusOr<std::vector<Grant>> ReadGrants(const YamlNode::Entry& field) const {
    if (field.value.kind != YamlNode::Kind::kList) return Fail(field.line, "grants is not a list");
    std::vector<Grant> grants;
    for (const YamlNode& item : field.value.items) {
      ASSIGN_OR_RETURN(Grant grant, ReadGrant(item));
      grants.push_back(std::move(grant));
    }
    return grants;
  }

  absl::StatusOr<Grant> ReadGrant(const YamlNode& node) const {
    Grant grant;
    RETURN_IF_ERROR(ForEachField(node, "a grant", [&](const YamlNode::Entry& field) -> absl::Status {
      if (field.key == "streamers") {
        ASSIGN_OR_RETURN(grant.streamers, ReadTexts(field));
        return absl::OkStatus();
      }
      if (field.key != "role") return Unknown(field);
      ASSIGN_OR_RETURN(const std::string role, ReadText(field.value, "role"));
      grant.rights = RightsOfRole(role);
      if (grant.rights != 0) return absl::OkStatus();
      return Fail(field.line, absl::StrCat(Shown(role), " is no role; they are viewer, operator, admin and tap"));
    }));
    if (grant.rights == 0) return Fail(node.line, "a grant has no role");
    if (grant.streamers.empty()) grant.streamers = {"*"};
    return grant;
  }

  const absl::string_view origin_;
};

}  // namespace

absl::StatusOr<std::vector<User>> ParseUsers(absl::string_view text, absl::string_view origin) {
  ASSIGN_OR_RETURN(const std::vector<YamlNode> documents, ParseYaml(text, origin));
  if (documents.size() == 1) return UsersReader(origin).Read(documents[0]);
  return MakeError(absl::StatusCode::kInvalidArgument, "USERS_INVALID",
                   absl::StrCat(origin, ": holds ", documents.size(), " documents instead of one with the users"));
}

}  // namespace binlogd
