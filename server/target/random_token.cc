#include "target/random_token.h"

#include <random>

#include "absl/strings/str_format.h"

namespace binlogd {

std::string RandomToken() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i) absl::StrAppendFormat(&token, "%08x", random());
  return token;
}

}  // namespace binlogd
