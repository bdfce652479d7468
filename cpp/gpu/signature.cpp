#include "gpu/signature.h"

namespace shapewright {

namespace {
constexpr std::uint64_t kAlignment = 16;  // of the widest access
}

std::uint64_t address_of(const dlpack::Tensor& tensor) {
  return reinterpret_cast<std::uint64_t>(tensor.data) + tensor.byte_offset;
}

bool Signature::add(const dlpack::Tensor& tensor) {
  if (tensor.rank < 0 || tensor.rank > kMaxRank) return false;
  if (size_ + 2 + 2 * static_cast<std::size_t>(tensor.rank) > row_.size()) return false;
  const dlpack::DataType type = tensor.dtype;
  row_[size_++] = static_cast<std::int64_t>(type.code) << 40 |
                  static_cast<std::int64_t>(type.bits) << 32 |
                  static_cast<std::int64_t>(type.lanes) << 16 | tensor.rank;
  row_[size_++] = static_cast<std::int64_t>(tensor.device.id) << 8 |
                  static_cast<std::int64_t>(address_of(tensor) % kAlignment);
  std::int64_t dense = 1;
  for (std::int32_t i = tensor.rank; i-- > 0;) {
    row_[size_++] = tensor.shape[i];
    row_[size_++] = tensor.strides == nullptr ? dense : tensor.strides[i];
    dense *= tensor.shape[i];
  }
  return true;
}

std::vector<std::int64_t> Signature::sizes(std::span<const std::int64_t> row) {
  std::vector<std::int64_t> found((row.size() - 2) / 2);
  for (std::size_t i = 0; i < found.size(); ++i) found[found.size() - 1 - i] = row[2 + 2 * i];
  return found;
}

bool Signature::are_alike(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  return a.size() == b.size() && a[0] == b[0] && a[1] >> 8 == b[1] >> 8;
}

std::size_t Signature::hash() const {
  std::uint64_t h = 0x9E3779B97F4A7C15u;
  for (const std::int64_t n : row()) {
    h = (h ^ static_cast<std::uint64_t>(n)) * 0xFF51AFD7ED558CCDu;
    h ^= h >> 32;
  }
  return static_cast<std::size_t>(h);
}

}  // namespace shapewright
