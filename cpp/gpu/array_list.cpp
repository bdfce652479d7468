#include "gpu/array_list.h"

#include <algorithm>

namespace shapewright {

std::span<const std::int64_t> ArrayList::row(std::uint32_t group) const {
  return {rows_.data() + begins_[group], begins_[group + 1] - begins_[group]};
}

void ArrayList::reserve(std::size_t count) {
  addresses_.reserve(count);
  groups_.reserve(count);
}

void ArrayList::add(std::uint64_t address, const Signature& signature) {
  const std::uint32_t group = group_of(signature);
  if (group == firsts_.size()) {
    const auto row = signature.row();
    rows_.insert(rows_.end(), row.begin(), row.end());
    begins_.push_back(rows_.size());
    hashes_.push_back(signature.hash());
    firsts_.push_back(static_cast<std::uint32_t>(addresses_.size()));
    known_.emplace(hashes_.back(), group);
  }
  addresses_.push_back(address);
  groups_.push_back(group);
}

std::uint32_t ArrayList::group_of(const Signature& signature) {
  if (!groups_.empty() && std::ranges::equal(row(groups_.back()), signature.row()))
    return groups_.back();
  const auto [from, to] = known_.equal_range(signature.hash());
  for (auto it = from; it != to; ++it)
    if (std::ranges::equal(row(it->second), signature.row())) return it->second;
  return static_cast<std::uint32_t>(firsts_.size());
}

std::optional<std::vector<std::int64_t>> ArrayList::most() const {
  if (firsts_.empty()) return std::nullopt;
  std::vector<std::int64_t> sizes;
  for (std::uint32_t group = 0; group < firsts_.size(); ++group) {
    const auto sizes_here = Signature::sizes(row(group));
    if (!Signature::are_alike(row(0), row(group))) return std::nullopt;
    if (group == 0) sizes.assign(sizes_here.size(), 0);
    for (std::size_t axis = 0; axis < sizes.size(); ++axis)
      sizes[axis] = std::max(sizes[axis], sizes_here[axis]);
  }
  return sizes;
}

}  // namespace shapewright
