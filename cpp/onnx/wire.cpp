#include "onnx/wire.h"

namespace shapewright::onnx {

Message::Step Message::any_field(Message message) {
  Field field;
  message.start_ = message.at_;
  const std::uint64_t key = message.varint();
  if (key < 8 || key > 0xFFFFFFFFu) message.malformed("a field number is 0 or too large");
  field.tag = static_cast<std::uint32_t>(key);
  switch (key & 7) {
    case kVarint: field.number = message.varint(); break;
    case kBytes: {
      const std::uint64_t length = message.varint();
      if (length > message.bytes_left()) message.too_long(length);
      field.bytes = {message.at_, static_cast<std::size_t>(length)};
      message.at_ += length;
      break;
    }
    case kFixed64: field.number = message.fixed(8); break;
    case kFixed32: field.number = message.fixed(4); break;
    default: message.malformed("a wire type is not one of 0, 1, 2, 5");
  }
  return {message, field};
}

std::uint64_t Message::long_varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == end_) too_long(1);
    const auto byte = static_cast<unsigned char>(*at_++);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  malformed("a varint is longer than 10 bytes");
}

void Message::malformed(const char* why) const {
  throw Error(ErrorKind::kFormat, "onnx-malformed",
              source_->text() + " is not a well-formed ONNX file: in " + what_ + " " + why,
              {{"path", source_->name},
               {"byte offset", std::to_string(source_->offset(start_))},
               {"reading", what_}});
}

void Message::too_long(std::uint64_t length) const {
  // Only what runs past the end of the file can have been cut off; anything else was written wrong.
  const auto left_in_file = static_cast<std::uint64_t>(source_->end - at_);
  if (end_ != source_->end || length <= left_in_file) {
    malformed("a field is longer than what holds it");
  }
  // The tag may be what is cut off.
  std::string where = what_;
  const auto first = start_ == end_ ? '\0' : *start_;
  if (first > 0) where = "field " + std::to_string(first >> 3) + " of " + where;
  throw Error(ErrorKind::kFormat, "onnx-truncated",
              source_->text() + " is cut off: " + where + " needs " + std::to_string(length) +
                  " bytes, but the file ends after " + std::to_string(left_in_file),
              {{"path", source_->name},
               {"byte offset", std::to_string(source_->offset(start_))},
               {"reading", what_},
               {"file bytes", std::to_string(source_->end - source_->begin)}});
}

}  // namespace shapewright::onnx
