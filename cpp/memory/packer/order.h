// Exact search for a plan of a given height, over which of two items lies below the other.
//
//   border |  a  | b |          a and b end where c begins; d lives on. In either section what lies
//          |-----+---|  c       below d adds up to d's offset, less what the section can waste: so
//          |  d ............    the sizes of those of a, b, c that are below d have to meet.
//
// Each pair of items that are alive at once is a question. Inferred are: order is transitive in a
// section; sums on both sides of a border meet (border_sums.h); an item lies above the sum of what
// is below it and under the height less what is above it, and so does each that rests on it
// (order_bounds.h). If all questions are answered, the lower bounds are a plan.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "memory/packer/border_sums.h"
#include "memory/packer/clauses.h"
#include "memory/packer/order_bounds.h"
#include "memory/packer/pairs.h"
#include "memory/packer/sections.h"

namespace shapewright {

class OrderSearch final : private Theory {
 public:
  // `hints` are offsets by item of any plan: its order is tried first. `seed` draws which pairs are
  // asked first, and one in twenty that is tried the other way; 0 draws nothing. `sections` outlive
  // this.
  OrderSearch(const Sections& sections, std::int64_t height, std::span<const std::int64_t> hints,
              std::uint32_t seed);

  ClauseSearch::Answer solve(std::int64_t max_nodes, double decay);
  std::int64_t offset(std::size_t item) const { return bounds_.lower(item); }  // after kYes
  std::int64_t nodes() const { return search_.nodes(); }

 private:
  enum : std::int32_t { kTransitive = Reason::kTheory, kBounds, kBorder };

  bool assign(Literal literal) override;
  void retract(Literal literal) override;
  void retracted(std::int32_t trail_size) override;
  void explain(Literal literal, Reason reason, std::vector<Literal>& out) override;

  bool begin();  // what follows before anything is known
  bool infer_order(std::size_t below, std::size_t above, Literal literal);
  bool infer_borders(std::size_t item, std::size_t other);
  bool infer_border(std::int32_t border, std::size_t crossing);
  bool infer_bounds(std::size_t below, std::size_t above);
  bool refuse_bounds(std::size_t item);
  void explain_border(std::int32_t border, std::size_t crossing, Literal literal,
                      std::vector<Literal>& out);
  void note(Literal literal, bool is_new);

  const std::vector<SectionItem>& items_;
  Pairs pairs_;
  ClauseSearch search_;
  OrderBounds bounds_;
  BorderSums borders_;
  std::int32_t place_ = 0;  // in the trail, of what was assigned last
  bool is_begun_ = false, is_refuted_ = false;
};

}  // namespace shapewright
