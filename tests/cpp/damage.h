// Damage to the bytes of a file, whatever they mean.
#pragma once

#include <algorithm>
#include <random>
#include <string>

namespace shapewright::fuzz {

using Random = std::mt19937_64;

inline void damage(std::string& bytes, const std::string& other, Random& random) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  const std::size_t times = 1 + below(4);
  for (std::size_t i = 0; i < times && !bytes.empty(); ++i) {
    const std::size_t at = below(bytes.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(bytes.size() - at, 64));
    switch (random() % 24) {
      default:  // lengths stay what they are
        bytes[at] = static_cast<char>(random() % 64);
        break;
      case 0: bytes[at] = static_cast<char>(random()); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
      case 2: bytes[at] = static_cast<char>(bytes[at] + (random() % 2 == 0 ? 1 : -1)); break;
      case 3: bytes.resize(at); break;
      case 4: bytes.erase(at, length); break;
      case 5: bytes.insert(at, bytes.substr(below(bytes.size()), length)); break;
      case 6:  // a large varint
        bytes.replace(at, std::min<std::size_t>(bytes.size() - at, 9),
                      std::string(9, '\xFF') + '\1');
        break;
      case 7: bytes.insert(at, other.substr(below(other.size()), length)); break;
    }
  }
}

}  // namespace shapewright::fuzz
