// The grammar of a declared type: dtype, then optionally [dim, ...]; or seq(type) or
// seq(type, length), or optional(type) of either, or map(type) of its values.
#include <charconv>
#include <optional>

#include "base/error.h"
#include "dim/dim.h"
#include "graph/builder.h"
#include "graph/tensor_type.h"

namespace shapewright {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

[[noreturn]] void fail(std::string_view text, std::string_view at, std::string code,
                       std::string message, std::string hint = {}) {
  const auto position = static_cast<std::size_t>(at.data() - text.data());
  throw Error(ErrorKind::kShape, std::move(code), std::move(message),
              {{"type", std::string(text)}, {"position", std::to_string(position)}}, {},
              std::move(hint));
}

DType parse_dtype(std::string_view text, std::string_view word) {
  if (const auto dtype = dtype_from_name(word)) return *dtype;
  if (word.empty()) fail(text, word, "type-syntax", "A type starts with its dtype: f32[N,3]");
  std::vector<std::string_view> names;
  for (const DTypeInfo& row : all_dtypes()) names.push_back(row.name);
  const std::string nearest = nearest_word(word, names);
  fail(text, word, "dtype-unknown", "'" + std::string(word) + "' is no dtype",
       nearest.empty() ? "dtypes are f32, f16, bf16, i64, i32, u8, bool, ..."
                       : "did you mean " + nearest + "?");
}

DeclaredDim parse_declared_dim(Graph& g, std::string_view text, std::string_view word) {
  if (word.empty()) fail(text, word, "type-syntax", "A dim is missing");
  if (word == "?") return {};
  DeclaredDim dim;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, dim.number);
  if (stop == end && error == std::errc::result_out_of_range) {
    fail(text, word, "dim-overflow", "A size must be below 2^63");
  }
  if (stop == end && error == std::errc()) {
    if (dim.number < 0) fail(text, word, "negative-dim", "A size cannot be negative");
    dim.kind = DeclaredDim::Kind::kNumber;
    return dim;
  }
  Arena scratch;  // names are the caller's; here only the spelling is checked
  const ArenaScope scope(scratch);
  try {
    if (const auto number = known(parse_dim(word))) {
      if (*number < 0) fail(text, word, "negative-dim", "A size cannot be negative");
      return {DeclaredDim::Kind::kNumber, *number, {}};
    }
  } catch (Error& e) {
    if (e.kind == ErrorKind::kShape) throw;
    e.facts.insert(e.facts.begin(), {"type", std::string(text)});
    throw;
  }
  return {DeclaredDim::Kind::kText, 0, g.intern(word)};
}

// `text` is all there is to say where; `word` is the part of it to read.
DeclaredType parse_tensor(Graph& g, std::string_view text, std::string_view word) {
  const std::size_t open = word.find('[');
  DeclaredType type;
  type.dtype = parse_dtype(text, trim(word.substr(0, open)));
  if (open == std::string_view::npos) return type;

  const std::string_view rest = word.substr(open + 1);
  const std::string_view inside = trim(rest);
  if (inside.empty() || inside.back() != ']') {
    fail(text, word.substr(word.size()), "type-syntax", "The closing ] is missing");
  }
  std::string_view dims = trim(inside.substr(0, inside.size() - 1));
  if (dims == "...") return type;
  type.has_shape = true;
  if (dims.empty()) return type;

  int depth = 0;
  char quote = '\0';
  std::size_t start = 0;
  for (std::size_t i = 0; i <= dims.size(); ++i) {
    const char c = i < dims.size() ? dims[i] : ',';
    if (i < dims.size() && (quote != '\0' || c == '"' || c == '\'')) {
      quote = quote == '\0' ? c : (quote == c ? '\0' : quote);
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == '[' || c == ']') {
      fail(text, dims.substr(i), "type-syntax", "Brackets do not nest");
    } else if (c == ',' && (depth <= 0 || i == dims.size())) {
      if (type.dims.size() == kMaxRank) {
        throw Error(ErrorKind::kLimit, "rank-limit", "A type has more than 64 dims",
                    {{"position", std::to_string(dims.data() + start - text.data())}});
      }
      type.dims.push_back(parse_declared_dim(g, text, trim(dims.substr(start, i - start))));
      start = i + 1;
    }
  }
  return type;
}

// What stands in the parentheses of `name(...)`; nullopt if `word` is no such call.
std::optional<std::string_view> inside_of(std::string_view text, std::string_view word,
                                          std::string_view name) {
  if (!word.starts_with(name)) return std::nullopt;
  const std::string_view rest = trim(word.substr(name.size()));
  if (rest.empty() || rest.front() != '(') return std::nullopt;
  if (rest.back() != ')')
    fail(text, word.substr(word.size()), "type-syntax", "The closing ) is missing");
  return trim(rest.substr(1, rest.size() - 2));
}

DeclaredType parse_container(Graph& g, std::string_view text, std::string_view word) {
  if (const auto inside = inside_of(text, word, "optional")) {
    DeclaredType type = parse_container(g, text, *inside);
    const auto within = static_cast<Container>(type.container);
    if (within != Container::kTensor && within != Container::kSequence)
      fail(text, *inside, "type-syntax", "Optionals do not nest");
    type.container = static_cast<std::uint8_t>(
        within == Container::kTensor ? Container::kOptional : Container::kOptionalSequence);
    return type;
  }
  if (const auto inside = inside_of(text, word, "map")) {
    DeclaredType type = parse_tensor(g, text, *inside);
    type.container = static_cast<std::uint8_t>(Container::kOther);
    return type;
  }
  const auto inside = inside_of(text, word, "seq");
  if (!inside) return parse_tensor(g, text, word);
  const std::size_t bracket = inside->rfind(']');
  const std::size_t comma = inside->find(',', bracket == std::string_view::npos ? 0 : bracket);
  DeclaredType type = parse_tensor(g, text, trim(inside->substr(0, comma)));
  type.container = static_cast<std::uint8_t>(Container::kSequence);
  if (comma != std::string_view::npos)
    type.length = parse_declared_dim(g, text, trim(inside->substr(comma + 1)));
  return type;
}

}  // namespace

DeclaredType parse_declared_type(Graph& g, std::string_view text) {
  return parse_container(g, text, trim(text));
}

}  // namespace shapewright
