#include "auth/users.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/glob.h"

namespace binlogd {
namespace {

constexpr Rights Bit(Right right) { return static_cast<Rights>(right); }

absl::Status Shared(const User& user, absl::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "USERS_INVALID",
                   absl::StrCat("user \"", user.name, "\": another user has the same ", what));
}

}  // namespace

absl::string_view RightName(Right right) {
  switch (right) {
    case Right::kView: return "view";
    case Right::kOperate: return "operate";
    case Right::kChange: return "change";
    case Right::kTap: return "tap";
  }
  return "";
}

Rights RightsOfRole(absl::string_view role) {
  if (role == "viewer") return Bit(Right::kView);
  if (role == "operator") return Bit(Right::kView) | Bit(Right::kOperate);
  if (role == "admin") return Bit(Right::kView) | Bit(Right::kOperate) | Bit(Right::kChange);
  if (role == "tap") return Bit(Right::kTap);
  return 0;
}

absl::string_view LeastRole(Right right) {
  switch (right) {
    case Right::kView: return "viewer";
    case Right::kOperate: return "operator";
    case Right::kChange: return "admin";
    case Right::kTap: return "tap";
  }
  return "";
}

TokenHash HashToken(absl::string_view token) {
  TokenHash hash;
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(), hash.data());
  return hash;
}

bool ParseTokenHash(absl::string_view text, TokenHash* hash) {
  const auto is_digit = [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); };
  if (text.size() != 2 * hash->size() || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  const std::string bytes = absl::HexStringToBytes(text);
  std::copy(bytes.begin(), bytes.end(), hash->begin());
  return true;
}

std::string TokenHashText(const TokenHash& hash) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

absl::StatusOr<std::string> NewToken() {
  std::array<uint8_t, 32> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return absl::InternalError("the system gives no random numbers; no token was made");
  }
  return absl::StrCat("binlogd_", TokenHashText(bytes));
}

bool User::May(Right right, absl::string_view streamer) const {
  for (const Grant& grant : grants) {
    if ((grant.rights & Bit(right)) == 0) continue;
    for (const std::string& pattern : grant.streamers) {
      if (GlobMatches(pattern, streamer)) return true;
    }
  }
  return false;
}

absl::StatusOr<std::shared_ptr<const UserList>> UserList::Make(std::vector<User> users) {
  auto list = std::make_shared<UserList>();
  std::set<std::string> names, certificates;
  std::set<TokenHash> hashes;
  for (User& user : users) {
    if (!names.insert(user.name).second) return Shared(user, "name");
    for (const TokenGrant& token : user.tokens) {
      if (!hashes.insert(token.hash).second) return Shared(user, "token");
    }
    for (const std::string& name : user.certificate_names) {
      if (!certificates.insert(name).second) return Shared(user, "certificate name");
    }
    list->users_.push_back(std::make_shared<const User>(std::move(user)));
  }
  return list;
}

std::shared_ptr<const User> UserList::FindByToken(absl::string_view token, absl::Time* expires) const {
  const TokenHash hash = HashToken(token);
  std::shared_ptr<const User> found;
  for (const std::shared_ptr<const User>& user : users_) {
    for (const TokenGrant& known : user->tokens) {
      if (CRYPTO_memcmp(hash.data(), known.hash.data(), hash.size()) != 0) continue;
      found = user;
      *expires = known.expires;
    }
  }
  return found;
}

std::shared_ptr<const User> UserList::FindByCertificate(const std::vector<std::string>& names) const {
  for (const std::shared_ptr<const User>& user : users_) {
    for (const std::string& known : user->certificate_names) {
      if (std::count(names.begin(), names.end(), known) > 0) return user;
    }
  }
  return nullptr;
}

}  // namespace binlogd
