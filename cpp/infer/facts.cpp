#include "infer/facts.h"

#include <algorithm>

namespace shapewright {

void IndexTable::insert(std::uint64_t hash, std::uint32_t index) {
  if ((used_ + 1) * 2 > slots_.size()) {
    KeptVector<Slot> old(std::max<std::size_t>(64, slots_.size() * 2));
    old.swap(slots_);
    for (const Slot& s : old)
      if (s.index != kNone) place(s);
  }
  place({hash, index});
  ++used_;
}

void IndexTable::place(Slot slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = slot.hash & mask;
  while (slots_[i].index != kNone) i = (i + 1) & mask;
  slots_[i] = slot;
}

namespace {

std::uint64_t hash_of(const OperandType& t) {
  const Shape& shape = t.type.shape;
  std::uint64_t h = (static_cast<std::uint64_t>(t.type.dtype) << 16) ^
                    (static_cast<std::uint64_t>(t.type.container) << 8) ^
                    static_cast<std::uint64_t>(shape.rank() + 1);
  h = mix(h, reinterpret_cast<std::uintptr_t>(t.elements));
  if (t.greatest) h = mix(h, t.greatest->word());
  if (t.type.container != Container::kTensor) h = mix(h, t.type.length.word());
  for (const Dim d : shape) h = mix(h, d.word());
  return h;
}

}  // namespace

FactId FactTable::intern(const OperandType& t) {
  const std::uint64_t h = hash_of(t);
  auto& items = analysis_.operand_types;
  FactId id = types_.find(h, [&](std::uint32_t i) { return items[i] == t; });
  if (id == kNone) {
    id = static_cast<FactId>(items.size());
    items.push_back(t);
    types_.insert(h, id);
  }
  return id;
}

const Elements* FactTable::keep(Elements e) {
  const std::uint64_t h = hash_of(e);
  auto& items = analysis_.elements_store;
  std::uint32_t id = elements_.find(h, [&](std::uint32_t i) { return items[i] == e; });
  if (id == kNone) {
    id = static_cast<std::uint32_t>(items.size());
    items.push_back(std::move(e));
    elements_.insert(h, id);
  }
  return &items[id];
}

const FactId* Memo::find() {
  hash_ = key_.size();
  const std::size_t n = key_.size();
  for (std::size_t i = 0; i + 1 < n; i += 2)
    hash_ = mix(hash_, static_cast<std::uint64_t>(key_[i]) << 32 | key_[i + 1]);
  if (n % 2 != 0) hash_ = mix(hash_, key_[n - 1]);
  const std::uint32_t id = table_.find(hash_, [&](std::uint32_t i) {
    const Entry& e = entries_[i];
    return e.key_size == key_.size() &&
           std::equal(key_.begin(), key_.end(), keys_.begin() + e.key_first);
  });
  return id == kNone ? nullptr : outputs_.data() + entries_[id].outputs_first;
}

void Memo::remember(const FactId* outputs, std::size_t count) {
  const Entry e{static_cast<std::uint32_t>(keys_.size()), static_cast<std::uint32_t>(key_.size()),
                static_cast<std::uint32_t>(outputs_.size())};
  keys_.insert(keys_.end(), key_.begin(), key_.end());
  outputs_.insert(outputs_.end(), outputs, outputs + count);
  table_.insert(hash_, static_cast<std::uint32_t>(entries_.size()));
  entries_.push_back(e);
}

}  // namespace shapewright
