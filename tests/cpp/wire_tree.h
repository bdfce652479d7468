// A serialized model as a tree of fields, damaged so that the lengths around what changes stay
// right: what a parser would let through.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace shapewright::fuzz {

enum class Message : std::uint8_t {
  kNone,
  kModel,
  kGraph,
  kNode,
  kAttr,
  kTensor,
  kSparse,
  kValue,
  kType,
  kTensorType,
  kListType,
  kMapType,
  kShape,
  kDim,
  kFunction,
  kEntry,
};

struct ChildMessage {
  Message parent;
  std::uint32_t number;
  Message child;
};
// Fields of onnx.proto that hold messages; the rest are numbers, text and bytes.
inline constexpr std::array kChildMessages = {
    ChildMessage{Message::kModel, 7, Message::kGraph},
    ChildMessage{Message::kModel, 8, Message::kEntry},
    ChildMessage{Message::kModel, 25, Message::kFunction},
    ChildMessage{Message::kGraph, 1, Message::kNode},
    ChildMessage{Message::kGraph, 5, Message::kTensor},
    ChildMessage{Message::kGraph, 11, Message::kValue},
    ChildMessage{Message::kGraph, 12, Message::kValue},
    ChildMessage{Message::kGraph, 13, Message::kValue},
    ChildMessage{Message::kGraph, 15, Message::kSparse},
    ChildMessage{Message::kNode, 5, Message::kAttr},
    ChildMessage{Message::kNode, 9, Message::kEntry},
    ChildMessage{Message::kAttr, 5, Message::kTensor},
    ChildMessage{Message::kAttr, 6, Message::kGraph},
    ChildMessage{Message::kAttr, 10, Message::kTensor},
    ChildMessage{Message::kAttr, 11, Message::kGraph},
    ChildMessage{Message::kAttr, 14, Message::kType},
    ChildMessage{Message::kAttr, 22, Message::kSparse},
    ChildMessage{Message::kTensor, 13, Message::kEntry},
    ChildMessage{Message::kSparse, 1, Message::kTensor},
    ChildMessage{Message::kSparse, 2, Message::kTensor},
    ChildMessage{Message::kValue, 2, Message::kType},
    ChildMessage{Message::kType, 1, Message::kTensorType},
    ChildMessage{Message::kType, 4, Message::kListType},
    ChildMessage{Message::kType, 5, Message::kMapType},
    ChildMessage{Message::kType, 8, Message::kTensorType},
    ChildMessage{Message::kType, 9, Message::kListType},
    ChildMessage{Message::kTensorType, 2, Message::kShape},
    ChildMessage{Message::kListType, 1, Message::kType},
    ChildMessage{Message::kMapType, 2, Message::kType},
    ChildMessage{Message::kShape, 1, Message::kDim},
    ChildMessage{Message::kFunction, 7, Message::kNode},
    ChildMessage{Message::kFunction, 9, Message::kEntry},
    ChildMessage{Message::kFunction, 11, Message::kAttr},
    ChildMessage{Message::kFunction, 12, Message::kValue},
};

struct Field {
  std::uint32_t number = 0;
  std::uint32_t wire = 2;            // 0: varint, 1: 8 bytes, 2: bytes or fields, 5: 4 bytes
  std::uint64_t value = 0;           // of a varint
  std::string bytes;                 // of what is neither a varint nor fields
  Message message = Message::kNone;  // of what has fields
  std::vector<Field> fields;
};

inline Message child_of(Message parent, std::uint32_t number) {
  for (const ChildMessage& row : kChildMessages)
    if (row.parent == parent && row.number == number) return row.child;
  return Message::kNone;
}

inline bool read_varint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// Stops in front of what is no field.
inline std::vector<Field> read_fields(std::string_view in, Message message, int depth = 0) {
  std::vector<Field> out;
  std::uint64_t tag = 0, length = 0;
  while (!in.empty() && read_varint(in, tag)) {
    Field f{static_cast<std::uint32_t>(tag >> 3),
            static_cast<std::uint32_t>(tag & 7),
            0,
            {},
            Message::kNone,
            {}};
    if (f.wire == 0) {
      if (!read_varint(in, f.value)) return out;
    } else {
      length = f.wire == 1 ? 8 : f.wire == 5 ? 4 : 0;
      if (f.wire != 1 && f.wire != 5 && (f.wire != 2 || !read_varint(in, length))) return out;
      if (length > in.size()) return out;
      const std::string_view payload = in.substr(0, length);
      in.remove_prefix(length);
      if (f.wire == 2) f.message = child_of(message, f.number);
      if (f.message == Message::kNone || depth > 200)
        f.bytes = payload;
      else
        f.fields = read_fields(payload, f.message, depth + 1);
    }
    out.push_back(std::move(f));
  }
  return out;
}

inline void write_varint(std::string& out, std::uint64_t value) {
  for (; value > 0x7F; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}

inline void write_fields(std::string& out, const std::vector<Field>& fields) {
  for (const Field& f : fields) {
    write_varint(out, std::uint64_t{f.number} << 3 | f.wire);
    if (f.wire == 0) {
      write_varint(out, f.value);
    } else if (f.wire == 2) {
      std::string inner = f.bytes;
      write_fields(inner, f.fields);
      write_varint(out, inner.size());
      out += inner;
    } else {
      out += f.bytes;
    }
  }
}

// The fields that one could change, each with the list it stands in.
struct Place {
  std::vector<Field>* list;
  std::size_t index;
  Message parent;
  Field& field() const { return (*list)[index]; }
};

inline void note_places(std::vector<Field>& list, Message parent, std::vector<Place>& out) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    out.push_back({&list, i, parent});
    note_places(list[i].fields, list[i].message, out);
  }
}

// Numbers at which rules turn.
inline constexpr std::array<std::int64_t, 20> kNumbers = {
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    16,
    -1,
    -2,
    -3,
    63,
    64,
    1024,
    std::int64_t{1} << 31,
    std::int64_t{1} << 32,
    (std::int64_t{1} << 62) + 1,
    INT64_MAX,
    INT64_MIN,
};

template <class Random>
void change(Field& f, Random& random) {
  const auto number = static_cast<std::uint64_t>(kNumbers[random() % kNumbers.size()]);
  if (f.wire == 0) {
    f.value = random() % 4 == 0 ? f.value + (random() % 2 == 0 ? 1 : -1ULL) : number;
    return;
  }
  if (f.bytes.empty()) {
    f.bytes = "x";
    return;
  }
  const std::size_t at = random() % f.bytes.size();
  switch (random() % 5) {
    case 0: f.bytes[at] = static_cast<char>(random()); break;
    case 1:
      if (f.wire == 2) f.bytes.resize(at);
      break;
    case 2:
      if (f.wire == 2) f.bytes += f.bytes;
      break;
    default:  // an element of data; of a text one of its ends
      for (std::size_t i = at / 8 * 8, k = 0; i < f.bytes.size() && k < 8; ++i, ++k)
        f.bytes[i] = static_cast<char>(number >> (8 * k));
  }
}

// A few fields changed, left out, doubled, moved, or replaced by those of `other` that are of the
// same kind: an operator by another, a name by another, a body by another.
template <class Random>
void damage_fields(std::string& model, const std::string& other, Random& random) {
  std::vector<Field> mine = read_fields(model, Message::kModel);
  std::vector<Field> theirs = read_fields(other, Message::kModel);
  const std::size_t times = 1 + random() % 4;
  for (std::size_t i = 0; i < times; ++i) {
    std::vector<Place> places, donors;
    note_places(mine, Message::kModel, places);
    if (places.empty()) break;
    const Place at = places[random() % places.size()];
    const std::size_t what = random() % 12;
    if (what < 3 && at.field().message == Message::kNone) {
      change(at.field(), random);
    } else if (what < 9) {
      std::vector<Field>& source = random() % 2 == 0 ? mine : theirs;
      note_places(source, Message::kModel, donors);
      std::erase_if(donors, [&](const Place& p) {
        return p.parent != at.parent || p.field().number != at.field().number;
      });
      if (donors.empty()) continue;
      Field taken = donors[random() % donors.size()].field();
      at.field() = std::move(taken);
    } else if (what == 9) {
      at.list->erase(at.list->begin() + static_cast<std::ptrdiff_t>(at.index));
    } else if (what == 10) {
      Field twin = at.field();
      at.list->push_back(std::move(twin));
    } else {
      std::swap(at.field(), (*at.list)[random() % at.list->size()]);
    }
    std::string now;
    write_fields(now, mine);
    if (now.size() > 2 * model.size() + 4096) break;  // bodies within themselves grow fast
  }
  model.clear();
  write_fields(model, mine);
}

}  // namespace shapewright::fuzz
