// Early return on a status that is not OK.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RETURN_IF_ERROR(expression)                                           \
  do {                                                                        \
    if (::absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define BINLOGD_CONCATENATE_INNER(a, b) a##b
#define BINLOGD_CONCATENATE(a, b) BINLOGD_CONCATENATE_INNER(a, b)

// ASSIGN_OR_RETURN(declaration, expression of type StatusOr)
#define ASSIGN_OR_RETURN(declaration, expression) \
  BINLOGD_ASSIGN_OR_RETURN(BINLOGD_CONCATENATE(status_or_, __LINE__), declaration, expression)
#define BINLOGD_ASSIGN_OR_RETURN(holder, declaration, expression) \
  auto holder = (expression);                                     \
  if (!holder.ok()) return std::move(holder).status();            \
  declaration = *std::move(holder)
