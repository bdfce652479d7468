#include "copy/cast.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace shapewright {
namespace {

int index_of(Element e) { return static_cast<int>(e); }
bool is_half(Element e) { return e == Element::kF16 || e == Element::kBF16; }

float difference(double exact, float rounded) { return static_cast<float>(exact - rounded); }

// The multiplications that stand for the divisions, if they give the same on all 256 bytes.
bool make_rule(ByteNormalization& rule, float mean, float std, const Kernels& k) {
  rule.by_255 = 1.0f / 255.0f;
  rule.by_255_low = difference(1.0 / 255.0, rule.by_255);
  rule.mean = mean;
  rule.by_std = 1.0f / std;
  rule.by_std_low = difference(1.0 / static_cast<double>(std), rule.by_std);
  std::uint8_t bytes[256];
  float exact[256];
  float quick[256];
  for (int i = 0; i < 256; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i);
    exact[i] = static_cast<float>(i);
  }
  k.normalize[0](exact, 256, &mean, &std, 0);
  k.normalize_bytes(quick, bytes, 256, rule);
  return std::memcmp(exact, quick, sizeof exact) == 0;
}

}  // namespace

void convert_items(const Kernels& k, Element from, Element to, std::byte* dst, const std::byte* src,
                   std::int64_t items) {
  if (from == to && is_half(from)) {
    std::memcpy(dst, src, static_cast<std::size_t>(items * item_bytes(from)));
    return;
  }
  alignas(64) std::byte floats[512 * 4];
  const void* in = src;
  if (is_half(from)) {
    (from == Element::kF16 ? k.f16_to_f32 : k.bf16_to_f32)(floats, src, items);
    if (to == Element::kF32) {
      std::memcpy(dst, floats, static_cast<std::size_t>(items) * 4);
      return;
    }
    in = floats;
    from = Element::kF32;
  }
  if (!is_half(to)) {
    k.convert[index_of(from)][index_of(to)](dst, in, items);
    return;
  }
  alignas(64) std::byte narrow[512 * 4];
  if (from != Element::kF32) {
    // NumPy takes wide integers to a half by way of a double.
    const bool odd = to == Element::kF16 && (from == Element::kF64 || from == Element::kI64);
    if (odd && from == Element::kI64) {
      alignas(64) std::byte doubles[512 * 8];
      k.convert[index_of(from)][index_of(Element::kF64)](doubles, in, items);
      k.f64_to_odd_f32(narrow, doubles, items);
    } else if (odd) {
      k.f64_to_odd_f32(narrow, in, items);
    } else {
      k.convert[index_of(from)][index_of(Element::kF32)](narrow, in, items);
    }
    in = narrow;
  }
  (to == Element::kF16 ? k.f32_to_f16 : k.f32_to_bf16)(dst, in, items);
}

CastRun::CastRun(const Cast& cast, const Params& params, const std::vector<std::int64_t>& run_param,
                 RunFn store)
    : cast_(cast), params_(params), run_param_(&run_param), store_(store), kernels_(&kernels()) {}

void CastRun::operator()(std::byte* dst, const std::byte* src, std::int64_t items,
                         std::int64_t param) {
  const std::int64_t from = item_bytes(cast_.from);
  const std::int64_t to = item_bytes(cast_.to);
  // Steps end where a line of the destination does, so that whole lines are stored.
  const auto ahead = static_cast<std::int64_t>(-std::bit_cast<std::uintptr_t>(dst) & 63) / to;
  std::int64_t at = 0;
  std::int64_t next = std::min(items, kStep - 64 / to + ahead);
  while (at < items) {
    step(dst + at * to, src + at * from, next - at, at, param);
    at = next;
    next = std::min(items, at + kStep);
  }
}

void CastRun::step(std::byte* dst, const std::byte* src, std::int64_t items, std::int64_t first,
                   std::int64_t param) {
  const std::int64_t bytes = items * item_bytes(cast_.to);
  if (cast_.affine == Affine::kNone) {
    convert_items(*kernels_, cast_.from, cast_.to, result_, src, items);
    return store_(dst, result_, bytes);
  }
  const Element compute = cast_.compute();
  std::byte* data = cast_.to == compute ? result_ : compute_;
  const ByteNormalization* rule = bytes_rule(param);
  if (rule != nullptr) {
    kernels_->normalize_bytes(data, src, items, *rule);
  } else {
    convert_items(*kernels_, cast_.from, compute, data, src, items);
    apply_affine(data, items, first, param);
  }
  if (data != result_) convert_items(*kernels_, compute, cast_.to, result_, data, items);
  store_(dst, result_, bytes);
}

const ByteNormalization* CastRun::bytes_rule(std::int64_t param) {
  if (cast_.affine != Affine::kNormalize || cast_.from != Element::kU8 ||
      cast_.compute() != Element::kF32 || !run_param_->empty())
    return nullptr;
  Rule& rule = rules_[param % kRules];
  if (rule.param != param) {
    rule.param = param;
    rule.holds = make_rule(rule.factors, static_cast<const float*>(params_.bias)[param],
                           static_cast<const float*>(params_.scale)[param], *kernels_);
  }
  return rule.holds ? &rule.factors : nullptr;
}

// The parameters of the items from `first` on, side by side.
const void* CastRun::spread(const void* params, std::byte* room, std::int64_t items,
                            std::int64_t first, std::int64_t param) const {
  const std::int64_t size = item_bytes(cast_.compute());
  const auto* from = static_cast<const std::byte*>(params);
  if (run_param_->empty()) return from + param * size;
  for (std::int64_t i = 0; i < items; ++i)
    std::memcpy(room + i * size,
                from + (param + (*run_param_)[static_cast<std::size_t>(first + i)]) * size,
                static_cast<std::size_t>(size));
  return room;
}

void CastRun::apply_affine(std::byte* data, std::int64_t items, std::int64_t first,
                           std::int64_t param) {
  const int kind = cast_.compute() == Element::kF64 ? 1 : 0;
  const std::int64_t step = run_param_->empty() ? 0 : 1;
  const void* scale =
      params_.scale == nullptr ? nullptr : spread(params_.scale, scales_, items, first, param);
  const void* bias =
      params_.bias == nullptr ? nullptr : spread(params_.bias, biases_, items, first, param);
  if (cast_.affine == Affine::kNormalize) {
    kernels_->normalize[kind](data, items, bias, scale, step);
    return;
  }
  if (scale != nullptr) kernels_->scale[kind](data, items, scale, step);
  if (bias != nullptr) kernels_->add[kind](data, items, bias, step);
}

}  // namespace shapewright
