// Operators on strings: StringConcat, StringNormalizer, StringSplit, RegexFullMatch,
// TfIdfVectorizer.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/families.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kStrings = dtypes(DType::kString);

void string_concat_infer(Context& op) {
  require_dtype(op, 0, kStrings);
  require_dtype(op, 1, kStrings);
  op.output(
      0, DType::kString,
      broadcast_shapes(op, op.shape(0), op.shape(1), operand_name(op, 0), operand_name(op, 1)));
}

// --- StringNormalizer: [C] or [1, C]; stop words are taken out

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// How many of the words of X are no stop words. nullopt unless they are known; without case, only
// of ASCII and the locale of English: what is one letter in two cases is a question of the locale.
std::optional<std::int64_t> words_left(const Context& op, const std::vector<std::string>& stop) {
  const Elements* e = op.elements(0);
  const auto texts = e == nullptr ? std::nullopt : e->texts();
  if (!texts) return std::nullopt;
  const bool has_case = op.attr_int("is_case_sensitive", 0) != 0;
  const auto as_compared = [&](std::string_view t) { return has_case ? std::string(t) : lower(t); };
  const auto is_plain = [&](std::string_view t) { return has_case || is_ascii(t); };
  if (!has_case && !op.attr_string("locale", "en_US").starts_with("en")) return std::nullopt;
  std::vector<std::string> compared;
  for (const std::string& word : stop) {
    if (!is_plain(word)) return std::nullopt;
    compared.push_back(as_compared(word));
  }
  std::sort(compared.begin(), compared.end());
  std::int64_t left = 0;
  for (const std::string_view text : *texts) {
    if (!is_plain(text)) return std::nullopt;
    left += std::binary_search(compared.begin(), compared.end(), as_compared(text)) ? 0 : 1;
  }
  return left;
}

void string_normalizer_infer(Context& op) {
  require_dtype(op, 0, kStrings);
  require_rank(op, 0, 1, 2);
  word_attr(op, "case_change_action", "NONE", {"LOWER", "UPPER", "NONE"});
  if (!op.has_rank(0)) return op.output(0, DType::kString, Shape::unknown_rank());
  Shape out = op.shape(0);
  const int last = out.rank() - 1;
  if (last == 1) {
    op.require_equal("shape-mismatch", out[0], 1,
                     [] { return std::string("X axis 0 with the one row"); });
  }
  op.require_at_most("size-too-small", 1, out[last],
                     [&] { return "1 within " + axis_text("X", last); });
  const Attr* words = op.attr("stopwords");
  if (words != nullptr && !words->strings.empty()) {
    // Where every word is a stop word, one empty string is left.
    const Bounds all = bounds(out[last]);
    if (const auto left = words_left(op, words->strings)) {
      out[last] = std::max<std::int64_t>(1, *left);
    } else if (all.hi > 1) {
      out[last] = op.fresh("words", SymbolKind::kDataDependent, {1, all.hi});
    }
  }
  op.output(0, DType::kString, std::move(out));
}

// --- StringSplit: the parts of each string, padded to the most; and how many each has

// Parts of `text` between delimiters; without one, its words.
std::int64_t count_parts(std::string_view text, std::string_view delimiter, std::int64_t most) {
  std::int64_t parts = 0;
  if (delimiter.empty()) {
    for (std::size_t at = 0; (at = text.find_first_not_of(' ', at)) != std::string_view::npos;) {
      if (++parts == most) return parts;
      at = std::min(text.find(' ', at), text.size());
    }
    return parts;
  }
  for (std::size_t at = 0; at != std::string_view::npos; ++parts) {
    if (parts + 1 == most) return most;
    at = text.find(delimiter, at);
    if (at != std::string_view::npos) at += delimiter.size();
  }
  return parts;
}

// Of every string; nullopt unless all are known, or where they hold what one runtime takes for
// white space and another does not.
std::optional<std::vector<std::int64_t>> parts_of(const Context& op, std::int64_t most) {
  const Elements* e = op.elements(0);
  const auto texts = e == nullptr ? std::nullopt : e->texts();
  if (!texts) return std::nullopt;
  const std::string_view delimiter = op.attr_string("delimiter", "");
  std::vector<std::int64_t> out;
  for (const std::string_view text : *texts) {
    const bool has_other_space =
        !is_ascii(text) ||
        text.find_first_of("\t\n\v\f\r\x1c\x1d\x1e\x1f") != std::string_view::npos;
    if (delimiter.empty() && has_other_space) return std::nullopt;
    // An empty string has one part by Python's split, none in ONNX Runtime.
    if (!delimiter.empty() && text.empty()) return std::nullopt;
    out.push_back(count_parts(text, delimiter, most));
  }
  return out;
}

std::int64_t most_parts(const Context& op) {
  const std::int64_t splits = op.attr_int("maxsplit", -1);
  return splits >= 0 && splits < kPlusInf ? splits + 1 : kPlusInf;
}

void string_split_infer(Context& op) {
  require_dtype(op, 0, kStrings);
  const Shape& in = op.shape(0);
  Shape parts = in;
  if (in.has_rank()) {
    const std::int64_t most = most_parts(op);
    if (const auto known_parts = parts_of(op, most)) {
      std::int64_t widest = 0;
      for (const std::int64_t n : *known_parts) widest = std::max(widest, n);
      parts.push_back(widest);
    } else {
      parts.push_back(op.fresh("parts", SymbolKind::kDataDependent, {0, most}));
    }
  }
  op.output(0, DType::kString, std::move(parts));
  op.output(1, DType::kI64, in);
}

void string_split_values(Context& op) {
  const auto parts = parts_of(op, most_parts(op));
  if (!parts) return;
  Elements out{op.elements(0)->dims, {}};
  for (const std::int64_t n : *parts) out.elems.push_back(Elem::of(n));
  op.output_elements(1, std::move(out));
}

void regex_full_match_infer(Context& op) {
  require_dtype(op, 0, kStrings);
  op.output(0, DType::kBool, op.shape(0));
}

// --- TfIdfVectorizer: a column for each index that an n-gram counts into

void tf_idf_vectorizer_infer(Context& op) {
  require_dtype(op, 0, dtypes(DType::kI32, DType::kI64, DType::kString));
  require_rank(op, 0, 1, 2);
  word_attr(op, "mode", "", {"TF", "IDF", "TFIDF"});
  const auto check = [&](bool holds, const std::string& text) {
    if (!holds) op.fail("attr-value", "TfIdfVectorizer " + text);
  };
  const std::int64_t shortest = op.attr_int("min_gram_length", 0);
  const std::int64_t longest = op.attr_int("max_gram_length", 0);
  check(shortest >= 1, "min_gram_length is " + std::to_string(shortest) + ": at least 1 is needed");
  check(longest >= shortest, "max_gram_length " + std::to_string(longest) +
                                 " is below min_gram_length " + std::to_string(shortest));
  check(op.attr_int("max_skip_count", 0) >= 0, "max_skip_count is negative");
  const auto indexes = op.attr_ints("ngram_indexes").value_or(std::vector<std::int64_t>{});
  check(!indexes.empty(), "ngram_indexes is empty");
  const std::int64_t least = *std::min_element(indexes.begin(), indexes.end());
  check(least >= 0, "ngram_indexes holds " + std::to_string(least) + ", which is negative");
  const auto counts = op.attr_ints("ngram_counts").value_or(std::vector<std::int64_t>{});
  check(static_cast<std::uint64_t>(longest) <= counts.size(),
        "ngram_counts has " + std::to_string(counts.size()) + " entries for grams of up to " +
            std::to_string(longest));
  if (const Attr* weights = op.attr("weights")) {
    check(weights->floats.size() == indexes.size(),
          "has " + std::to_string(weights->floats.size()) + " weights for " +
              std::to_string(indexes.size()) + " ngram_indexes");
  }
  check(op.has_attr("pool_int64s") || op.has_attr("pool_strings"),
        "needs pool_int64s or pool_strings");

  const Dim columns = Dim(*std::max_element(indexes.begin(), indexes.end())) + Dim(1);
  if (!op.has_rank(0)) return op.output(0, DType::kF32, Shape::unknown_rank());
  Shape out = op.shape(0);
  out[out.rank() - 1] = columns;
  op.output(0, DType::kF32, std::move(out));
}

constexpr AttrSpec kNormalizer[] = {{"case_change_action", AttrKind::kString},
                                    {"is_case_sensitive", AttrKind::kInt},
                                    {"locale", AttrKind::kString},
                                    {"stopwords", AttrKind::kStrings}};
constexpr AttrSpec kSplit[] = {{"delimiter", AttrKind::kString}, {"maxsplit", AttrKind::kInt}};
constexpr AttrSpec kPattern[] = {{"pattern", AttrKind::kString}};
constexpr AttrSpec kTfIdf[] = {{"max_gram_length", AttrKind::kInt, true},
                               {"max_skip_count", AttrKind::kInt, true},
                               {"min_gram_length", AttrKind::kInt, true},
                               {"mode", AttrKind::kString, true},
                               {"ngram_counts", AttrKind::kInts, true},
                               {"ngram_indexes", AttrKind::kInts, true},
                               {"pool_int64s", AttrKind::kInts},
                               {"pool_strings", AttrKind::kStrings},
                               {"weights", AttrKind::kFloats}};

constexpr Op kOps[] = {
    {.name = "StringConcat",
     .since = 20,
     .inputs = {2, 2},
     .operands = "X Y",
     .infer = string_concat_infer},
    {.name = "StringNormalizer",
     .since = 10,
     .operands = "X",
     .attrs = kNormalizer,
     .infer = string_normalizer_infer},
    {.name = "StringSplit",
     .since = 20,
     .outputs = {2, 2},
     .operands = "X",
     .attrs = kSplit,
     .infer = string_split_infer,
     .values = string_split_values},
    {.name = "RegexFullMatch",
     .since = 20,
     .operands = "X",
     .attrs = kPattern,
     .infer = regex_full_match_infer},
    {.name = "TfIdfVectorizer",
     .since = 9,
     .operands = "X",
     .attrs = kTfIdf,
     .infer = tf_idf_vectorizer_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> text_ops() { return kOps; }

}  // namespace shapewright::families
