// How an error shows a place in a pattern.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace shapewright {

// Error{kPattern} with facts `pattern`, `position` and `where`: the pattern with a caret under it.
[[noreturn]] void pattern_error(std::string_view pattern, std::size_t byte, const char* code,
                                std::string message, Facts facts = {}, std::string hint = {});

std::string quoted(std::string_view text);

// Bytes of the UTF-8 character at `byte`; a stray byte counts as one character.
std::size_t character_bytes(std::string_view text, std::size_t byte);
// True for letters, digits and underscore; a letter of another script is one if it is no space,
// punctuation, arrow or sign.
bool is_name_character(std::string_view character);

}  // namespace shapewright
