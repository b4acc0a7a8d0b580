// The two dialects of the binary log.
#pragma once

namespace binlogd {

enum class Flavor { kMySql, kMariaDb };

// "MySQL" or "MariaDB".
inline const char* FlavorName(Flavor flavor) { return flavor == Flavor::kMySql ? "MySQL" : "MariaDB"; }

}  // namespace binlogd
