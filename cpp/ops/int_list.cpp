#include "ops/int_list.h"

#include <string>

#include "ops/rules.h"

namespace shapewright {

IntList IntList::of_attr(const Context& op, std::string_view name) {
  IntList list;
  const Attr* attr = op.attr(name);
  if (attr == nullptr) return list;
  list.given_ = list.has_size_ = true;
  list.size_ = attr->ints.size();
  list.ints_ = attr->ints;
  return list;
}

IntList IntList::of_input(const Context& op, std::size_t input, int lo, int hi) {
  IntList list;
  if (!op.has_input(input)) return list;
  list.given_ = true;
  rules::require_rank(op, input, lo, hi);
  list.elements_ = op.elements(input);
  if (list.elements_ != nullptr) {
    list.has_size_ = true;
    list.size_ = list.elements_->size();
  } else if (op.has_rank(input)) {
    const auto size = known(num_elements(op.shape(input)));
    list.has_size_ = size && *size >= 0;
    if (list.has_size_) list.size_ = static_cast<std::size_t>(*size);
  }
  return list;
}

void limit_rank(const Context& op, std::size_t rank) {
  if (rank <= static_cast<std::size_t>(kMaxRank)) return;
  throw Error(ErrorKind::kLimit, "limit-exceeded", "an output has rank " + std::to_string(rank),
              {{"limit", "rank " + std::to_string(kMaxRank)}}, display_name(op.graph(), op.node()));
}

Dim dim_of(Context& op, const Elem& e) { return e.is_int() ? e.num : op.unknown_dim(); }

}  // namespace shapewright
