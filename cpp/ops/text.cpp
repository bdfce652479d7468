// Operators on strings: StringConcat, StringNormalizer, StringSplit, RegexFullMatch,
// TfIdfVectorizer.
#include <algorithm>
#include <string>
#include <utility>

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
    if (all.hi > 1) out[last] = op.fresh("words", SymbolKind::kDataDependent, {1, all.hi});
  }
  op.output(0, DType::kString, std::move(out));
}

// --- StringSplit: the parts of each string, padded to the most; and how many each has

void string_split_infer(Context& op) {
  require_dtype(op, 0, kStrings);
  const Shape& in = op.shape(0);
  Shape parts = in;
  if (in.has_rank()) {
    std::int64_t most = kPlusInf;
    if (const Attr* a = op.attr("maxsplit"); a != nullptr && a->i >= 0 && a->i < kPlusInf)
      most = a->i + 1;
    parts.push_back(op.fresh("parts", SymbolKind::kDataDependent, {0, most}));
  }
  op.output(0, DType::kString, std::move(parts));
  op.output(1, DType::kI64, in);
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
     .infer = string_split_infer},
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
