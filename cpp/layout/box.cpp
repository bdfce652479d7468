#include "layout/box.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"

namespace shapewright {
namespace {

// A reshape or a step that needs more cuts than this of one box is left to a second pass.
constexpr std::int64_t kMaxCuts = 4;

std::size_t index(int axis) { return static_cast<std::size_t>(axis); }
std::ptrdiff_t signed_index(std::size_t k) { return static_cast<std::ptrdiff_t>(k); }

void remove_digit(Box& box, std::size_t k) {
  box.digits.erase(box.digits.begin() + signed_index(k));
}

// The largest index step that the digits [begin, end) make together.
std::int64_t reach(const Box& box, std::size_t begin, std::size_t end) {
  std::int64_t sum = 0;
  for (std::size_t k = begin; k < end; ++k) sum += (box.digits[k].size - 1) * box.digits[k].weight;
  return sum;
}

// The part of the box where digit k lies in [from, from + count).
Box part(const Box& box, std::size_t k, std::int64_t from, std::int64_t count) {
  Box out = box;
  AxisDigit& d = out.digits[k];
  out.at[index(d.axis)] += from * d.weight;
  out.src_offset += from * d.src;
  d.size = count;
  if (count == 1) remove_digit(out, k);
  return out;
}

// Splits where the digits [k, end), which are the fast ones of an axis, together reach `offset`.
void cut_digits(Box box, std::size_t k, std::size_t end, std::int64_t offset, Boxes& below,
                Boxes& from) {
  if (offset <= 0) return from.push_back(std::move(box));
  if (reach(box, k, end) < offset) return below.push_back(std::move(box));
  const AxisDigit d = box.digits[k];
  const std::int64_t rest = reach(box, k + 1, end);
  const std::int64_t num_below =
      std::clamp<std::int64_t>(floor_div(offset - 1 - rest, d.weight) + 1, 0, d.size);
  const std::int64_t first_from = std::clamp<std::int64_t>(ceil_div(offset, d.weight), 0, d.size);
  if (num_below > 0) below.push_back(part(box, k, 0, num_below));
  for (std::int64_t i = num_below; i < first_from; ++i) {  // at most one, as weights nest
    Box straddling = part(box, k, i, 1);
    cut_digits(std::move(straddling), k, end - 1, offset - i * d.weight, below, from);
  }
  if (first_from < d.size) from.push_back(part(box, k, first_from, d.size - first_from));
}

// `box` already has the new axis, and all digits of both still count along `axis`.
bool divide_digits(Box box, int axis, std::int64_t inner, Boxes& out) {
  const auto [begin, end] = digits_of(box, axis);
  std::size_t k = begin;
  while (k < end && box.digits[k].weight % inner == 0) ++k;
  const std::int64_t at = box.at[index(axis)] % inner;
  const std::int64_t span = reach(box, k, end);
  if (at + span < inner) {
    for (std::size_t j = begin; j < k; ++j) box.digits[j].weight /= inner;
    for (std::size_t j = k; j < end; ++j) box.digits[j].axis = axis + 1;
    box.at[index(axis)] /= inner;
    box.at[index(axis) + 1] = at;
    canonicalize(box);
    out.push_back(std::move(box));
    return true;
  }
  const auto each = [&](Boxes& boxes) {
    for (Box& b : boxes)
      if (!divide_digits(std::move(b), axis, inner, out)) return false;
    return true;
  };
  const auto cut_and_go_on = [&](std::size_t from_digit, std::int64_t offset) {
    Boxes below, from;
    cut_digits(std::move(box), from_digit, end, offset, below, from);
    return each(below) && each(from);
  };
  const AxisDigit d = box.digits[k];
  if (inner % d.weight != 0) {
    if ((at + span) / inner > kMaxCuts) return false;
    return cut_and_go_on(k, inner - at);
  }
  const std::int64_t carry = at % d.weight;
  if (carry + reach(box, k + 1, end) >= d.weight) return cut_and_go_on(k + 1, d.weight - carry);
  // A partial row of `inner`, whole rows, a partial row.
  const std::int64_t row = inner / d.weight;
  const std::int64_t used = at / d.weight;
  const std::int64_t head = used == 0 ? 0 : std::min(d.size, row - used);
  const std::int64_t rows = (d.size - head) / row;
  const std::int64_t tail = (d.size - head) % row;
  Boxes parts;
  if (head > 0) parts.push_back(part(box, k, 0, head));
  if (rows > 0) {
    Box whole = part(box, k, head, rows * row);
    if (rows > 1) {
      whole.digits[k].size = row;
      const AxisDigit slow{axis, rows, inner, d.src * row};
      whole.digits.insert(whole.digits.begin() + signed_index(k), slow);
    }
    parts.push_back(std::move(whole));
  }
  if (tail > 0) parts.push_back(part(box, k, d.size - tail, tail));
  return each(parts);
}

// The r in [0, modulus) for which modulus divides at + r * weight; they are coprime.
std::int64_t residue_of(std::int64_t at, std::int64_t weight, std::int64_t modulus) {
  std::int64_t a = modulus, b = floor_mod(weight, modulus), x = 0, y = 1;  // b = y * weight
  while (b > 1) {
    const std::int64_t q = a / b;
    a = std::exchange(b, a - q * b);
    x = std::exchange(y, x - q * y);
  }
  const Wide r = static_cast<Wide>(floor_mod(-at, modulus)) * floor_mod(y, modulus) % modulus;
  return static_cast<std::int64_t>(r);
}

// Keeps the indices divisible by `step`; the digits before k have weights that are.
bool keep_digits(Box box, int axis, std::size_t k, std::int64_t step, Boxes& out) {
  const auto [begin, end] = digits_of(box, axis);
  while (k < end && box.digits[k].weight % step == 0) ++k;
  if (k == end) {
    if (box.at[index(axis)] % step != 0) return true;
    box.at[index(axis)] /= step;
    for (std::size_t j = begin; j < end; ++j) box.digits[j].weight /= step;
    canonicalize(box);
    out.push_back(std::move(box));
    return true;
  }
  // i -> period * i + residue has a weight that the step divides.
  const AxisDigit d = box.digits[k];
  const std::int64_t common = static_cast<std::int64_t>(gcd(step, d.weight));
  const std::int64_t period = step / common;
  std::int64_t first = 0, last = std::min(period, d.size) - 1;
  if (k + 1 == end) {  // no faster digit can make up for this one: one residue will do
    const std::int64_t at = box.at[index(axis)];
    if (at % common != 0) return true;
    first = residue_of(at / common, d.weight / common, period);
    if (first >= d.size) return true;
    last = first;
  } else if (last >= kMaxCuts) {
    return false;
  }
  for (std::int64_t residue = first; residue <= last; ++residue) {
    Box some = part(box, k, residue, d.size - residue);
    const std::int64_t count = ceil_div(d.size - residue, period);
    if (count == 1) {
      if (d.size - residue > 1) remove_digit(some, k);
    } else {
      some.digits[k].size = count;
      some.digits[k].weight *= period;
      some.digits[k].src *= period;
    }
    if (!keep_digits(std::move(some), axis, k, step, out)) return false;
  }
  return true;
}

}  // namespace

void canonicalize(Box& box) {
  std::size_t kept = 0;
  for (const AxisDigit& d : box.digits) {
    if (d.size == 1) continue;
    if (kept > 0) {
      AxisDigit& slow = box.digits[kept - 1];
      if (slow.axis == d.axis && slow.weight == d.size * d.weight && slow.src == d.size * d.src) {
        slow = {d.axis, slow.size * d.size, d.weight, d.src};
        continue;
      }
    }
    box.digits[kept++] = d;
  }
  box.digits.resize(kept);
}

DigitRange digits_of(const Box& box, int axis) {
  DigitRange r;
  while (r.begin < box.digits.size() && box.digits[r.begin].axis < axis) ++r.begin;
  r.end = r.begin;
  while (r.end < box.digits.size() && box.digits[r.end].axis == axis) ++r.end;
  return r;
}

std::int64_t last_index(const Box& box, int axis) {
  const auto [begin, end] = digits_of(box, axis);
  return box.at[index(axis)] + reach(box, begin, end);
}

void cut(Box box, int axis, std::int64_t position, Boxes& below, Boxes& from) {
  const auto [begin, end] = digits_of(box, axis);
  const std::int64_t offset = position - box.at[index(axis)];
  cut_digits(std::move(box), begin, end, offset, below, from);
}

void reverse(Box& box, int axis, std::int64_t size) {
  box.at[index(axis)] = size - 1 - last_index(box, axis);
  const auto [begin, end] = digits_of(box, axis);
  for (std::size_t k = begin; k < end; ++k) {
    AxisDigit& d = box.digits[k];
    box.src_offset += (d.size - 1) * d.src;
    d.src = -d.src;
  }
}

bool keep_every(Box box, int axis, std::int64_t step, Boxes& out) {
  const std::size_t begin = digits_of(box, axis).begin;
  return keep_digits(std::move(box), axis, begin, step, out);
}

bool divide(Box box, int axis, std::int64_t inner, Boxes& out) {
  for (AxisDigit& d : box.digits) d.axis += static_cast<std::int32_t>(d.axis > axis);
  box.at.insert(box.at.begin() + axis + 1, 0);
  return divide_digits(std::move(box), axis, inner, out);
}

void merge(Box& box, int first, const Sizes& sizes) {
  const int count = static_cast<int>(sizes.size());
  if (count == 0) {
    for (AxisDigit& d : box.digits) d.axis += static_cast<std::int32_t>(d.axis >= first);
    box.at.insert(box.at.begin() + first, 0);
    return;
  }
  Sizes weights(sizes.size(), 1);
  for (std::size_t k = sizes.size() - 1; k > 0; --k) weights[k - 1] = weights[k] * sizes[k];
  std::int64_t at = 0;
  for (int k = 0; k < count; ++k) at += box.at[index(first + k)] * weights[index(k)];
  for (AxisDigit& d : box.digits) {
    if (d.axis >= first + count) {
      d.axis -= count - 1;
    } else if (d.axis >= first) {
      d.weight *= weights[index(d.axis - first)];
      d.axis = first;
    }
  }
  box.at[index(first)] = at;
  box.at.erase(box.at.begin() + first + 1, box.at.begin() + first + count);
  canonicalize(box);
}

void drop_axis(Box& box, int axis) {
  for (AxisDigit& d : box.digits) d.axis -= static_cast<std::int32_t>(d.axis > axis);
  box.at.erase(box.at.begin() + axis);
}

}  // namespace shapewright
