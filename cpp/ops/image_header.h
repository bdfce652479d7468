// How large an encoded image is, by its header.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace shapewright {

struct ImageSize {
  std::int64_t height = 0, width = 0;
};

// Of a BMP, JPEG, PNG, PNM or WebP stream, whose bytes are 0 to 255; nullopt of another format, of
// one that is cut off before its sizes, and of a JPEG that says it is turned.
std::optional<ImageSize> image_size(std::span<const std::int64_t> stream);

}  // namespace shapewright
