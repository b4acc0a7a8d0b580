// Who may do what.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace binlogd {

// What the audit log calls a caller when there are no users, and what spec files declare (binlogd --streamers): no
// user's name.
inline constexpr absl::string_view kAnyone = "anyone";
inline constexpr absl::string_view kDeclarer = "--streamers";

// What an RPC takes. The values are bits of a set.
enum class Right : uint8_t {
  kView = 1,     // See specs (never a secret), states, metrics.
  kOperate = 2,  // Start and stop.
  kChange = 4,   // Create, change and delete.
  kTap = 8,      // Read the data itself.
};
using Rights = uint8_t;

// "view", "operate", "change" or "tap".
absl::string_view RightName(Right right);

// The rights of a role: viewer, operator (who also views), admin (who does all but tap) or tap. 0 for another word.
Rights RightsOfRole(absl::string_view role);
// The role with the fewest rights that gives this one.
absl::string_view LeastRole(Right right);

// Rights on the streamers whose names match one of the globs.
struct Grant {
  Rights rights = 0;
  std::vector<std::string> streamers;
};

// The SHA-256 of a token. A token has 256 random bits, so that a slow hash would add nothing.
using TokenHash = std::array<uint8_t, 32>;
TokenHash HashToken(absl::string_view token);
// From 64 hexadecimal digits; false for anything else.
bool ParseTokenHash(absl::string_view text, TokenHash* hash);
std::string TokenHashText(const TokenHash& hash);
// A new token, "binlogd_" and 64 hexadecimal digits. INTERNAL when the system has no randomness.
absl::StatusOr<std::string> NewToken();

// A token, by its hash, and when it ends.
struct TokenGrant {
  TokenHash hash = {};
  absl::Time expires = absl::InfiniteFuture();
};

struct User {
  std::string name;
  // Several while one replaces another.
  std::vector<TokenGrant> tokens;
  // Common or alternative names of the user's client certificates.
  std::vector<std::string> certificate_names;
  std::vector<Grant> grants;

  bool May(Right right, absl::string_view streamer) const;
};

// Users, found by what they show. Immutable.
class UserList {
 public:
  // INVALID_ARGUMENT (USERS_INVALID) when two users share a name, a token or a certificate's name.
  static absl::StatusOr<std::shared_ptr<const UserList>> Make(std::vector<User> users);

  // Null when there is none; `*expires`: when the token ends, or ended. How long it takes does not tell how near a
  // token came.
  std::shared_ptr<const User> FindByToken(absl::string_view token, absl::Time* expires) const;
  std::shared_ptr<const User> FindByCertificate(const std::vector<std::string>& names) const;
  size_t size() const { return users_.size(); }

 private:
  std::vector<std::shared_ptr<const User>> users_;
};

}  // namespace binlogd
