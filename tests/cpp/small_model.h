// A small model, made without protobuf, for what damages files.
#pragma once

#include <string>
#include <vector>

namespace shapewright::fuzz {

using Bytes = std::string;

inline Bytes field(int number, const Bytes& payload) {
  Bytes out(1, static_cast<char>(number << 3 | 2));
  std::size_t length = payload.size();
  for (; length > 0x7F; length >>= 7) out += static_cast<char>((length & 0x7F) | 0x80);
  return out + static_cast<char>(length) + payload;
}

inline Bytes integer(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

inline Bytes node(const Bytes& op, const std::vector<Bytes>& inputs, const Bytes& output,
                  const Bytes& rest = {}) {
  Bytes out;
  for (const Bytes& input : inputs) out += field(1, input);
  return field(1, out + field(2, output) + field(3, "n_" + output) + field(4, op) + rest);
}

// A bit of everything: typed and raw constants, bodies, functions with references, scopes, declared
// types.
inline Bytes small_model() {
  const Bytes type = field(
      2, field(1, integer(1, 1) + field(2, field(1, field(2, "N")) + field(1, integer(1, 4)))));
  const Bytes tensor =
      field(5, integer(1, 2) + integer(2, 7) + field(8, "k") + field(9, Bytes(16, '\1')));
  const Bytes typed = field(5, integer(1, 3) + integer(2, 6) + field(5, "\1\2\3") + field(8, "w"));
  const Bytes external =
      field(5, integer(1, 2) + integer(2, 7) + field(8, "e") +
                   field(13, field(1, "location") + field(2, "w.bin")) + integer(14, 1));
  const Bytes body = node("Relu", {"h"}, "t") + field(12, field(1, "t"));
  const Bytes branch = field(5, field(1, "then_branch") + field(6, body) + "\xA0\1\5");
  const Bytes scope =
      field(9, field(1, "pkg.torch.onnx.name_scopes") + field(2, "['', 'a.b', 'c']"));
  const Bytes reference = field(5, field(1, "axis") + "\xAA\1\1p");
  const Bytes graph =
      node("Relu", {"x"}, "h", scope) + node("If", {"x"}, "i", branch) +
      node("Conv", {"h", "w", ""}, "v", field(5, field(1, "pads") + "\x40\1\x40\2\x42\2\1\1")) +
      node("F", {"v"}, "y", field(7, "f") + field(5, field(1, "p") + integer(3, 1))) +
      field(2, "g") + tensor + typed + external + field(11, field(1, "x") + type) +
      field(12, field(1, "y") + type) + field(13, field(1, "h") + type);
  const Bytes inner = field(7, field(1, "a") + field(2, "r") + field(4, "Any") + reference);
  const Bytes function = "\xCA\1" + field(0, field(1, "F") + field(4, "a") + field(5, "r") + inner +
                                                 field(9, integer(2, 18)) + field(10, "f"))
                                        .substr(1);
  return integer(1, 10) + field(7, graph) + field(8, integer(2, 20)) + function;
}

}  // namespace shapewright::fuzz
