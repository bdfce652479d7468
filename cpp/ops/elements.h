// Known element values of small tensors: what Shape -> Gather -> Concat -> Reshape chains compute.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "dim/dim.h"
#include "graph/attrs.h"
#include "graph/tensor_type.h"

namespace shapewright {

// One element: an integer expression (a bool is 0 or 1), a real number, an exact ratio num/den (a
// size that went through float arithmetic: H * 0.5), a string, or unknown.
struct Elem {
  enum class Kind : std::uint8_t { kUnknown, kInt, kReal, kRatio, kText } kind = Kind::kUnknown;
  Dim num;                     // kInt, kRatio
  std::int64_t den = 1;        // kRatio: > 1
  double real = 0;             // kReal
  std::string_view text = {};  // kText: in a constant of the graph

  static Elem unknown() { return {}; }
  static Elem of(Dim d) { return {Kind::kInt, d, 1, 0}; }
  static Elem of_real(double r) { return {Kind::kReal, {}, 1, r}; }
  static Elem of_text(std::string_view t) { return {Kind::kText, {}, 1, 0, t}; }
  static Elem ratio(Dim num,
                    std::int64_t den);  // canonical: lowest terms, kInt where den divides num
  bool is_int() const { return kind == Kind::kInt; }
  bool is_known() const { return kind != Kind::kUnknown; }
  std::optional<std::int64_t> literal() const { return is_int() ? known(num) : std::nullopt; }
  std::optional<double> number() const;  // of a real, or of an int or ratio without symbols

  struct Fraction {
    Dim num;
    std::int64_t den = 1;  // >= 1
  };
  // The value as an exact fraction: an int, a ratio, or a real that is a short binary fraction.
  std::optional<Fraction> fraction() const;
  friend bool operator==(const Elem&, const Elem&) = default;
};

// Elements in row-major order. `dims` empty is a scalar: rank 0 and rank 1 are kept apart.
struct Elements {
  static constexpr std::size_t kMax = 1024;
  std::vector<std::int64_t> dims;
  std::vector<Elem> elems;

  static Elements scalar(Elem e) { return {{}, {e}}; }
  static Elements vector(std::vector<Elem> e) {
    return {{static_cast<std::int64_t>(e.size())}, std::move(e)};
  }
  std::size_t size() const { return elems.size(); }
  bool any_known() const;
  // All elements, if each is an integer expression.
  std::optional<std::vector<Dim>> ints() const;
  std::optional<std::vector<std::int64_t>> literals() const;
  std::optional<std::vector<std::string_view>> texts() const;
  friend bool operator==(const Elements&, const Elements&) = default;
};

std::optional<Elements> elements_of(const TensorData& data);  // nullopt without data or past kMax
std::size_t hash_of(const Elements& e);

// The integer next to `e`: exact also for a ratio; unknown where no exact form exists.
enum class Rounding : std::uint8_t { kFloor, kCeil, kTowardZero };
Elem rounded(const Elem& e, Rounding mode);
// What ONNX Cast makes of `e`. A symbolic size in f32, f64, i32 or u32 is taken to be exact;
// narrower types keep only what surely fits.
Elem cast_elem(const Elem& e, DType from, DType to);

// The dims as numbers, if all are literal and they hold at most Elements::kMax elements together.
std::optional<std::vector<std::int64_t>> small_dims(const Shape& shape);
// Elements of dims {tables[0].size(), ...}: element (i, j, ...) is that of `src` at (tables[0][i],
// tables[1][j], ...), or `fill` where an index is negative. Dims of `src` may be regrouped:
// `src_dims` has one entry a table.
Elements pick(const Elements& src, const std::vector<std::int64_t>& src_dims,
              const std::vector<std::vector<std::int64_t>>& tables, const Elem& fill);

}  // namespace shapewright
