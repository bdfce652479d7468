// The protobuf wire format: a message is a run of (tag, payload) pairs.
//
//   tag      varint: field number << 3 | wire type
//   payload  0: varint   1: 8 bytes   2: varint length, then so many bytes   5: 4 bytes
//
// Readers switch over `Field::tag`, so a known number with an unexpected wire type is an unknown
// field and is skipped, as protobuf does. Every length is checked against the bytes that are left
// before it is used.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.h"

#if defined(__GNUC__)
#define SHAPEWRIGHT_INLINE [[gnu::always_inline]] inline
#else
#define SHAPEWRIGHT_INLINE inline
#endif

namespace shapewright::onnx {

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr std::uint32_t tag(std::uint32_t number, WireType type) { return number << 3 | type; }

// The whole file: what offsets are counted from.
struct Source {
  const char* begin = nullptr;
  const char* end = nullptr;
  std::string name;    // for messages
  bool stays = false;  // as long as the graph that is read from it

  std::int64_t offset(const char* at) const { return at - begin; }
  std::string text() const { return name.empty() ? "the model" : "'" + name + "'"; }
};

struct Field {
  std::uint32_t tag = 0;
  std::uint64_t number = 0;  // of kVarint, kFixed64, kFixed32
  std::string_view bytes;    // of kBytes

  std::int64_t integer() const { return static_cast<std::int64_t>(number); }
  float real() const {
    const auto word = static_cast<std::uint32_t>(number);
    float value;
    std::memcpy(&value, &word, sizeof value);
    return value;
  }
};

class Message {
 public:
  // `what` names the message type in errors.
  Message(const Source& source, std::string_view bytes, const char* what)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), source_(&source), what_(what) {}

  // Reads the next field; false at the end.
  bool next(Field& field);

  // For packed arrays, whose bytes are payloads without tags.
  bool at_end() const { return at_ == end_; }
  std::size_t bytes_left() const { return static_cast<std::size_t>(end_ - at_); }
  std::uint64_t varint() {
    if (end_ - at_ >= 2) {  // nearly all are of one or two bytes
      const auto first = static_cast<unsigned char>(at_[0]);
      const auto second = static_cast<unsigned char>(at_[1]);
      if (first < 0x80) {
        ++at_;
        return first;
      }
      if (second < 0x80) {
        at_ += 2;
        return (first & 0x7Fu) | static_cast<std::uint64_t>(second) << 7;
      }
    }
    return long_varint();
  }
  std::uint64_t fixed(int width) {  // little-endian
    if (bytes_left() < static_cast<std::size_t>(width)) too_long(static_cast<std::uint64_t>(width));
    std::uint64_t value = 0;
    for (int i = 0; i < width; ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(at_[i])) << (8 * i);
    }
    at_ += width;
    return value;
  }

  [[noreturn]] void malformed(const char* why) const;
  const char* field_start() const { return start_; }  // of the current field: its tag
  const char* position() const { return at_; }        // of the next field

 private:
  struct Step;
  static Step any_field(Message message);
  std::uint64_t long_varint();
  [[noreturn]] void too_long(std::uint64_t length) const;

  const char* at_;
  const char* end_;
  const char* start_ = at_;  // of the current field, for errors
  const Source* source_;
  const char* what_;
};

struct Message::Step {
  Message message;
  Field field;
};

// Inlined for the fields that are nearly always met: numbers below 16, with bytes of a one- or
// two-byte length or an integer below 128. The rest works on a copy, so that a loop keeps its
// Message in registers.
SHAPEWRIGHT_INLINE bool Message::next(Field& field) {
  if (at_ == end_) return false;
  if (end_ - at_ >= 3) [[likely]] {
    const auto key = static_cast<unsigned char>(at_[0]);
    std::uint32_t length = static_cast<unsigned char>(at_[1]);
    const auto high = static_cast<unsigned char>(at_[2]);
    const char* payload = at_ + 2;
    if (key >= 8 && key < 0x80 && (key & 7) == kBytes) {
      if (length >= 0x80) {
        length = high < 0x80 ? (length & 0x7F) | static_cast<std::uint32_t>(high) << 7 : ~0u;
        ++payload;
      }
      if (length <= end_ - payload) {
        start_ = at_;
        field.tag = key;
        field.bytes = {payload, length};
        at_ = payload + length;
        return true;
      }
    } else if (key >= 8 && key < 0x80 && (key & 7) == kVarint && length < 0x80) {
      start_ = at_;
      field.tag = key;
      field.number = length;
      at_ = payload;
      return true;
    }
  }
  const Step step = any_field(*this);
  *this = step.message;
  field = step.field;
  return true;
}

}  // namespace shapewright::onnx
