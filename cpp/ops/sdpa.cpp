#include "ops/sdpa.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>

#include "eager/autograd.h"

namespace shapewright::sdpa {

namespace {

using eager::Machine;
using eager::Tensor;

constexpr bool is_half(DType d) { return d == DType::kBF16 || d == DType::kF16; }

bool is_one_of(DType d, std::initializer_list<DType> allowed) {
  return std::ranges::find(allowed, d) != allowed.end();
}

bool have_dtype(const Query& a, std::initializer_list<DType> allowed) {
  return a.q.dtype() == a.k.dtype() && a.q.dtype() == a.v.dtype() &&
         is_one_of(a.q.dtype(), allowed);
}

// A size that is an integer; 0 where it is open.
std::int64_t number(Dim d) { return known(d).value_or(0); }

bool need_grad(const Query& a) {
  return Machine::current().grad_enabled && eager::any_needs_grad({a.q, a.k, a.v});
}

bool have_four_dims(const Query& a) { return a.q.dim() == 4 && a.k.dim() == 4 && a.v.dim() == 4; }

bool is_divisor(Dim part, Dim whole) {
  const auto p = known(part), w = known(whole);
  return p && w && *p > 0 && *w % *p == 0;
}

// `takes_unlike_kv`: keys and values may differ in their heads.
bool match_heads(const Query& a, bool takes_groups, bool takes_unlike_kv) {
  if (a.q.size(0) != a.k.size(0) || a.q.size(0) != a.v.size(0)) return false;
  const Dim q = a.q.size(1), k = a.k.size(1), v = a.v.size(1);
  if (!a.is_grouped || !takes_groups) return q == k && q == v;
  if (!takes_unlike_kv && k != v) return false;
  return (q == k || is_divisor(k, q)) && (q == v || is_divisor(v, q));
}

bool lie_in_rows(const Query& a, bool reads_mask, bool ignores_one) {
  const auto is_row = [](const Tensor& t) { return t->strides[t.dim() - 1] == Dim(1); };
  const bool rows =
      (is_row(a.q) && is_row(a.k) && is_row(a.v)) || (ignores_one && number(a.q.size(-1)) == 1);
  return rows && (!reads_mask || !a.mask.defined() || is_row(a.mask));
}

// A mask of 2 or 4 dims, each 1 or that of the scores; no gradient flows to it.
bool fits_mask(const Query& a) {
  if (!a.mask.defined()) return true;
  if (a.mask.requires_grad()) return false;
  const auto fits = [](Dim of_mask, Dim wanted) {
    return of_mask == wanted || known(of_mask) == 1;
  };
  if (!fits(a.mask.size(-2), a.q.size(2)) || !fits(a.mask.size(-1), a.k.size(2))) return false;
  if (a.mask.dim() == 2) return true;
  return a.mask.dim() == 4 && fits(a.mask.size(0), a.q.size(0)) &&
         fits(a.mask.size(1), a.q.size(1));
}

bool has_one_head_size(const Query& a) {
  return a.q.size(-1) == a.k.size(-1) && a.q.size(-1) == a.v.size(-1);
}

bool cpu_takes_flash(const Query& a) {
  return have_four_dims(a) && a.dropout == 0 && match_heads(a, true, true) && fits_mask(a) &&
         has_one_head_size(a) && lie_in_rows(a, false, false) &&
         have_dtype(a, {DType::kF32, DType::kF64, DType::kBF16, DType::kF16});
}

bool is_between(std::int64_t x, std::int64_t low, std::int64_t high) {
  return low <= x && x <= high;
}

bool takes_halves(std::int64_t capability, const Query& a) {
  return capability >= 80 ? have_dtype(a, {DType::kBF16, DType::kF16})
                          : have_dtype(a, {DType::kF16});
}

bool cuda_takes_flash(const Query& a, std::int64_t capability) {
  const std::int64_t head = number(a.q.size(-1));
  if (!have_four_dims(a) || a.mask.defined() || !has_one_head_size(a)) return false;
  if (!is_between(head, 1, 256) || !is_between(capability, 80, 121)) return false;
  const bool is_small_chip = is_between(capability, 86, 89) || is_between(capability, 120, 121);
  const bool has_backward = head <= 192 || (head > 224 && a.dropout == 0);
  if (is_small_chip && need_grad(a) && !has_backward) return false;
  if (a.is_causal && a.q.size(2) != a.k.size(2)) return false;
  return takes_halves(capability, a) && match_heads(a, true, false) && lie_in_rows(a, true, true);
}

bool cuda_takes_efficient(const Query& a, std::int64_t capability) {
  if (!have_four_dims(a) || a.q.size(-1) != a.k.size(-1)) return false;
  // What the products of matrices load at once.
  const bool half = is_half(a.q.dtype());
  const bool has_tensor_cores = capability >= 80 || (capability >= 70 && half);
  const std::int64_t alignment = has_tensor_cores ? (half ? 8 : 4) : 1;
  for (const Tensor& t : {a.q, a.v}) {
    const std::int64_t head = number(t.size(-1));
    if (head == 0 || head % alignment != 0) return false;
  }
  const bool has_dtype = capability >= 80 ? have_dtype(a, {DType::kF16, DType::kF32, DType::kBF16})
                                          : have_dtype(a, {DType::kF16, DType::kF32});
  return has_dtype && match_heads(a, false, false) && lie_in_rows(a, true, false);
}

bool cuda_takes_cudnn(const Query& a, std::int64_t capability) {
  constexpr std::int64_t kHead = 128, kWideHead = 192;
  if (!have_four_dims(a) || !fits_mask(a) || !takes_halves(capability, a)) return false;
  if (a.dropout * 16 != std::floor(a.dropout * 16)) return false;
  const std::int64_t head = number(a.q.size(-1)), of_v = number(a.v.size(-1));
  if (head == 0 || of_v == 0 || head % 8 != 0 || of_v % 8 != 0) return false;
  const bool is_wide = head == kWideHead && of_v == kHead;
  if (!is_wide && (head > kHead || of_v > kHead)) return false;
  if (known(a.k.size(2)) == 1 || (a.dropout > 0 && known(a.q.size(2)) == 1)) return false;
  return match_heads(a, true, true) && lie_in_rows(a, true, true);
}

struct Row {
  Kernel kernel;
  bool (*takes)(const Query&, std::int64_t capability);
};
constexpr std::array<Row, 2> kOrder = {{
    {Kernel::kFlash, cuda_takes_flash},
    {Kernel::kEfficient, cuda_takes_efficient},
}};

// cuDNN comes first on Hopper and the larger Blackwell.
bool prefers_cudnn(std::int64_t capability) {
  return capability == 90 || capability == 100 || capability == 103;
}

}  // namespace

std::string_view name_of(Kernel kernel) {
  switch (kernel) {
    case Kernel::kCudnn: return "cudnn";
    case Kernel::kFlash: return "flash";
    case Kernel::kEfficient: return "efficient";
    case Kernel::kMath: return "math";
  }
  return "";
}

Kernel choose(const Query& a) {
  const Machine& machine = Machine::current();
  if (machine.attention == name_of(Kernel::kMath)) return Kernel::kMath;
  if (!machine.on_cuda()) return cpu_takes_flash(a) ? Kernel::kFlash : Kernel::kMath;
  const std::int64_t capability = machine.capability;
  for (const Row& row : kOrder)
    if (machine.attention == name_of(row.kernel) && row.takes(a, capability)) return row.kernel;
  if (prefers_cudnn(capability) && cuda_takes_cudnn(a, capability)) return Kernel::kCudnn;
  for (const Row& row : kOrder)
    if (row.takes(a, capability)) return row.kernel;
  return Kernel::kMath;
}

}  // namespace shapewright::sdpa
