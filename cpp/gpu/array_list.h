// Many tensors read at once: their addresses, and which of them are laid out alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "gpu/signature.h"

namespace shapewright {

class ArrayList {
 public:
  void reserve(std::size_t count);
  void add(std::uint64_t address, const Signature& signature);

  std::span<const std::uint64_t> addresses() const { return addresses_; }
  std::span<const std::uint32_t> groups() const { return groups_; }  // by tensor
  std::span<const std::uint32_t> firsts() const { return firsts_; }  // by group: its first tensor
  // What the tensors of a group have in common: see Signature.
  std::span<const std::int64_t> row(std::uint32_t group) const;
  std::size_t hash(std::uint32_t group) const { return hashes_[group]; }

  // The largest size along each axis; nullopt where types, devices or ranks differ.
  std::optional<std::vector<std::int64_t>> most() const;

 private:
  std::uint32_t group_of(const Signature& signature);

  std::vector<std::uint64_t> addresses_;
  std::vector<std::uint32_t> groups_, firsts_;
  std::vector<std::int64_t> rows_;
  std::vector<std::size_t> begins_{0}, hashes_;
  std::unordered_multimap<std::size_t, std::uint32_t> known_;
};

}  // namespace shapewright
