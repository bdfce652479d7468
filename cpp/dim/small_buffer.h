// A growable array of trivially copyable items whose first N live inside it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace shapewright::algebra {

template <class T, std::size_t N>
class SmallBuffer {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  SmallBuffer() = default;
  SmallBuffer(const SmallBuffer& other) { assign(other.data(), other.size()); }
  SmallBuffer& operator=(const SmallBuffer& other) {
    if (this != &other) assign(other.data(), other.size());
    return *this;
  }

  T* data() { return heap_ ? heap_.get() : inline_data(); }
  const T* data() const { return heap_ ? heap_.get() : inline_data(); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  operator std::span<const T>() const { return {data(), size_}; }

  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  void push_back(T item) {
    if (size_ == capacity_) grow(capacity_ * 2);
    data()[size_++] = item;
  }
  void assign(const T* from, std::size_t count) {
    reserve(count);
    std::copy_n(from, count, data());
    size_ = count;
  }
  void insert(std::size_t at, T item) {
    push_back(item);
    std::rotate(data() + at, data() + size_ - 1, data() + size_);
  }
  void erase(std::size_t at) {
    std::copy(data() + at + 1, data() + size_, data() + at);
    --size_;
  }

 private:
  T* inline_data() { return reinterpret_cast<T*>(storage_); }
  const T* inline_data() const { return reinterpret_cast<const T*>(storage_); }
  void grow(std::size_t capacity) {
    auto bigger = std::make_unique<T[]>(capacity);
    std::copy_n(data(), size_, bigger.get());
    heap_ = std::move(bigger);
    capacity_ = capacity;
  }

  alignas(T) std::byte storage_[N * sizeof(T)];
  std::unique_ptr<T[]> heap_;
  std::size_t size_ = 0, capacity_ = N;
};

}  // namespace shapewright::algebra
