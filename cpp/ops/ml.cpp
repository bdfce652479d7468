// Domain ai.onnx.ml: features, encoders, classifiers, trees.
#include <algorithm>
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/indices.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kTabular = dtypes(DType::kF32, DType::kF64, DType::kI64, DType::kI32);
constexpr DTypeSet kStrings = dtypes(DType::kString);

std::size_t count_of(const Context& op, std::string_view ints, std::string_view strings) {
  const Attr *a = op.attr(ints), *b = op.attr(strings);
  return a != nullptr ? a->ints.size() : b != nullptr ? b->strings.size() : 0;
}

// Rows of a table: [N, C], or one row [C].
Dim rows(Context& op) {
  if (!op.has_rank(0)) return op.unknown_dim();
  return op.rank(0) == 1 ? Dim(1) : op.shape(0)[0];
}

// --- ArrayFeatureExtractor: columns of X that Y names

void array_feature_extractor_infer(Context& op) {
  require_dtype(op, 0, kTabular | kStrings);
  require_dtype(op, 1, kInt64);
  require_rank(op, 0, 1);
  const Dim picked = op.has_rank(1) ? num_elements(op.shape(1)) : op.unknown_dim();
  op.require_at_most("size-too-small", 1, picked, [] { return std::string("1 within Y"); });
  if (!op.has_rank(0)) return op.output(0, op.dtype(0), Shape::unknown_rank());
  Shape out = op.shape(0);
  const int last = out.rank() - 1;
  if (const Elements* e = op.elements(1)) require_in_range(op, *e, 0, 1, out[last], 0, last);
  out[last] = picked;
  if (out.rank() == 1) out.insert(0, 1);
  op.output(0, op.dtype(0), std::move(out));
}

// --- CastMap, DictVectorizer, ZipMap: maps, of which nothing but that they are is known

void require_map(const Context& op) {
  const TensorType& t = op.input(0);
  if (t.container == Container::kOther || t.dtype == DType::kUnknown) return;
  op.fail("dtype-unsupported",
          std::string(op.op_type()) + " needs a map as X, not " + to_string(t));
}

void cast_map_infer(Context& op) {
  require_map(op);
  const std::string_view to =
      word_attr(op, "cast_to", "TO_FLOAT", {"TO_FLOAT", "TO_STRING", "TO_INT64"});
  const std::string_view form = word_attr(op, "map_form", "DENSE", {"DENSE", "SPARSE"});
  Dim size;
  if (form == "SPARSE") {
    const std::int64_t most = op.attr_int("max_map", 1);
    if (most < 1) {
      op.fail("attr-value",
              "CastMap attribute max_map is " + std::to_string(most) + ": at least 1 is needed");
    }
    size = most;
  } else {
    size = op.fresh("entries", SymbolKind::kDataDependent, {0, kPlusInf});
  }
  op.output(0,
            to == "TO_FLOAT"    ? DType::kF32
            : to == "TO_STRING" ? DType::kString
                                : DType::kI64,
            {Dim(1), size});
}

void dict_vectorizer_infer(Context& op) {
  require_map(op);
  if (op.has_attr("int64_vocabulary") == op.has_attr("string_vocabulary")) {
    op.fail("attr-value",
            "DictVectorizer needs one of int64_vocabulary and string_vocabulary, not " +
                std::string(op.has_attr("int64_vocabulary") ? "both" : "none"));
  }
  const std::size_t words = count_of(op, "int64_vocabulary", "string_vocabulary");
  op.output(0, op.dtype(0), {Dim(1), Dim(static_cast<std::int64_t>(words))});
}

void zip_map_infer(Context& op) {
  require_dtype(op, 0, dtypes(DType::kF32));
  require_rank(op, 0, 1, 2);
  if (op.has_attr("classlabels_int64s") == op.has_attr("classlabels_strings")) {
    op.fail("attr-value", "ZipMap needs one of classlabels_int64s and classlabels_strings, not " +
                              std::string(op.has_attr("classlabels_int64s") ? "both" : "none"));
  }
  if (op.has_rank(0)) {
    const int last = op.rank(0) - 1;
    op.require_equal(
        "shape-mismatch", op.shape(0)[last],
        Dim(static_cast<std::int64_t>(count_of(op, "classlabels_int64s", "classlabels_strings"))),
        [&] { return axis_text("X", last) + " with the class labels"; });
  }
  TensorType out{DType::kF32, Shape()};
  out.container = Container::kOther;
  op.output(0, std::move(out));
}

// --- encoders

void category_mapper_infer(Context& op) {
  require_dtype(op, 0, kInt64 | kStrings);
  const Attr *ints = op.attr("cats_int64s"), *strings = op.attr("cats_strings");
  if (ints == nullptr || strings == nullptr || ints->ints.size() != strings->strings.size()) {
    op.fail("attr-value", "CategoryMapper needs cats_int64s and cats_strings of one length");
  }
  op.output(0,
            op.dtype(0) == DType::kString ? DType::kI64
            : op.dtype(0) == DType::kI64  ? DType::kString
                                          : DType::kUnknown,
            op.shape(0));
}

// The dtype and the number of the entries of whichever of name_floats, name_int64s, name_strings
// and name_tensor is there.
struct Table {
  DType dtype = DType::kUnknown;
  Dim size = 0;
};

Table table_of(const Context& op, const std::string& name) {
  Table out;
  int given = 0;
  const auto take = [&](std::string_view suffix, DType dtype, auto size) {
    const Attr* a = op.attr(name + std::string(suffix));
    if (a == nullptr) return;
    ++given;
    out = {suffix == "_tensor" ? a->tensor.dtype : dtype, Dim(static_cast<std::int64_t>(size(*a)))};
  };
  take("_floats", DType::kF32, [](const Attr& a) { return a.floats.size(); });
  take("_int64s", DType::kI64, [](const Attr& a) { return a.ints.size(); });
  take("_strings", DType::kString, [](const Attr& a) { return a.strings.size(); });
  take("_tensor", DType::kUnknown,
       [](const Attr& a) { return num_elements(a.tensor.dims).value_or(0); });
  if (given != 1) {
    op.fail("attr-value", "LabelEncoder needs one of " + name + "_floats, " + name +
                              "_int64s and " + name + "_strings" +
                              (op.version() >= 4 ? " and " + name + "_tensor" : "") + ", not " +
                              std::to_string(given));
  }
  return out;
}

void label_encoder1_infer(Context& op) {
  require_dtype(op, 0, kInt64 | kStrings);
  op.output(0,
            op.dtype(0) == DType::kString ? DType::kI64
            : op.dtype(0) == DType::kI64  ? DType::kString
                                          : DType::kUnknown,
            op.shape(0));
}

void label_encoder_infer(Context& op) {
  DTypeSet allowed = dtypes(DType::kI64, DType::kF32) | kStrings;
  if (op.version() >= 4) allowed = allowed | dtypes(DType::kF64, DType::kI32, DType::kI16);
  require_dtype(op, 0, allowed);
  const Table keys = table_of(op, "keys"), values = table_of(op, "values");
  if (op.dtype(0) != DType::kUnknown && keys.dtype != op.dtype(0)) {
    op.fail("dtype-mismatch", "LabelEncoder has keys of " + std::string(name_of(keys.dtype)) +
                                  " for X of " + std::string(name_of(op.dtype(0))));
  }
  op.require_equal("shape-mismatch", keys.size, values.size,
                   [] { return std::string("the number of keys with that of values"); });
  op.output(0, values.dtype, op.shape(0));
}

void one_hot_encoder_infer(Context& op) {
  require_dtype(op, 0, kTabular | kStrings);
  if (op.has_attr("cats_int64s") == op.has_attr("cats_strings")) {
    op.fail("attr-value", "OneHotEncoder needs one of cats_int64s and cats_strings, not " +
                              std::string(op.has_attr("cats_int64s") ? "both" : "none"));
  }
  if (!op.has_rank(0)) return op.output(0, DType::kF32, Shape::unknown_rank());
  Shape out = op.shape(0);
  out.push_back(static_cast<std::int64_t>(count_of(op, "cats_int64s", "cats_strings")));
  op.output(0, DType::kF32, std::move(out));
}

void binarizer_infer(Context& op) {
  require_dtype(op, 0, kTabular);
  same_as_input(op);
}

// --- classifiers: a label and a score of each class for every row

DType label_dtype(const Context& op) {
  return op.has_attr("classlabels_strings") ? DType::kString : DType::kI64;
}

void linear_classifier_infer(Context& op) {
  require_dtype(op, 0, kTabular);
  require_rank(op, 0, 1, 2);
  const std::size_t labels = count_of(op, "classlabels_ints", "classlabels_strings");
  if (labels == 0)
    op.fail("attr-missing", "LinearClassifier needs classlabels_ints or classlabels_strings");
  const Attr *weights = op.attr("coefficients"), *biases = op.attr("intercepts");
  const std::size_t scores = biases == nullptr ? labels : biases->floats.size();
  if (op.has_rank(0) && weights != nullptr && biases != nullptr) {
    const int last = op.rank(0) - 1;
    const Dim have = static_cast<std::int64_t>(weights->floats.size());
    op.require_at_most("matmul-contract",
                       op.shape(0)[last] * Dim(static_cast<std::int64_t>(scores)), have,
                       [&] { return axis_text("X", last) + " times the classes in coefficients"; });
  }
  // Two classes may share one score.
  const std::size_t columns = scores == 1 && labels == 2 ? 2 : scores;
  const Dim n = rows(op);
  op.output(0, label_dtype(op), {n});
  op.output(1, DType::kF32, {n, Dim(static_cast<std::int64_t>(columns))});
}

// The attributes that make up a machine of support vectors. Each vector is as long as a row of X.
void require_machine(Context& op, std::int64_t classes) {
  const std::string_view kernel = op.attr_string("kernel_type", "LINEAR");
  if (kernel != "LINEAR" && kernel != "POLY" && kernel != "RBF" && kernel != "SIGMOID") {
    op.fail("attr-value", "SVMClassifier kernel_type is '" + std::string(kernel) +
                              "': one of LINEAR, POLY, RBF, SIGMOID");
  }
  for (const std::string_view name : {"coefficients", "rho"})
    if (!op.has_attr(name)) op.fail("attr-missing", "SVMClassifier needs " + std::string(name));
  const auto per_class = op.attr_ints("vectors_per_class").value_or(std::vector<std::int64_t>{});
  if (per_class.empty()) return;
  if (static_cast<std::int64_t>(per_class.size()) != classes) {
    op.fail("attr-value", "SVMClassifier has " + std::to_string(per_class.size()) +
                              " vectors_per_class for " + std::to_string(classes) + " classes");
  }
  Dim vectors = 0;
  for (const std::int64_t count : per_class) {
    if (count < 0) {
      op.fail("attr-value", "SVMClassifier vectors_per_class holds " + std::to_string(count) +
                                ", which is negative");
    }
    vectors += Dim(count);
  }
  const Attr* support = op.attr("support_vectors");
  if (support == nullptr || support->floats.empty() || !op.has_rank(0)) return;
  const int last = op.rank(0) - 1;
  op.require_equal("matmul-contract", vectors * op.shape(0)[last],
                   Dim(static_cast<std::int64_t>(support->floats.size())), [&] {
                     return "the vectors times " + axis_text("X", last) + " with support_vectors";
                   });
}

// With probabilities a score for each class, otherwise for each pair of them; two of two classes.
void svm_classifier_infer(Context& op) {
  require_dtype(op, 0, kTabular);
  require_rank(op, 0, 1, 2);
  const auto classes =
      static_cast<std::int64_t>(count_of(op, "classlabels_ints", "classlabels_strings"));
  if (classes == 0)
    op.fail("attr-missing", "SVMClassifier needs classlabels_ints or classlabels_strings");
  const Attr* probability = op.attr("prob_a");
  const bool has_probability = probability != nullptr && !probability->floats.empty();
  require_machine(op, classes);
  const Attr* per_class = op.attr("vectors_per_class");
  const bool is_machine = per_class != nullptr && !per_class->ints.empty();
  const Dim n = rows(op);
  Dim columns = classes;
  if (is_machine && !has_probability && classes > 2) columns = Dim(classes) * Dim(classes - 1);
  if (is_machine && !has_probability && classes > 2) columns = floordiv(columns, 2);
  op.output(0, label_dtype(op), {n});
  op.output(1, DType::kF32, {n, columns});
}

// Lists with an entry for each inner node, or for each leaf; ids are places in them.
void require_trees(const Context& op, std::int64_t targets) {
  const auto fail = [&](const std::string& text) { op.fail("attr-value", "TreeEnsemble " + text); };
  const auto ints = [&](std::string_view name) {
    return op.attr_ints(name).value_or(std::vector<std::int64_t>{});
  };
  const auto size_of = [&](std::string_view name) -> std::int64_t {
    const Attr* a = op.attr(name);
    return a == nullptr ? 0 : num_elements(a->tensor.dims).value_or(0);
  };
  const std::int64_t inner = size_of("nodes_splits"), leaves = size_of("leaf_weights");
  const auto require = [&](std::string_view name, std::int64_t entries, std::int64_t below) {
    const auto ids = ints(name);
    if (static_cast<std::int64_t>(ids.size()) != entries) {
      fail(std::string(name) + " has " + std::to_string(ids.size()) + " entries, not " +
           std::to_string(entries));
    }
    for (const std::int64_t id : ids) {
      if (id >= 0 && id < below) continue;
      fail(std::string(name) + " holds " + std::to_string(id) + ", which is not below " +
           std::to_string(below));
    }
  };
  require("leaf_targetids", leaves, targets);
  require("nodes_featureids", inner, kPlusInf);
  const auto require_ids = [&](std::string_view ids, std::string_view flags) {
    require(flags, inner, 2);
    const auto is_leaf = ints(flags), places = ints(ids);
    require(ids, inner, kPlusInf);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::int64_t below = is_leaf[i] != 0 ? leaves : inner;
      if (places[i] < below) continue;
      fail(std::string(ids) + " holds " + std::to_string(places[i]) + ", which is not below " +
           std::to_string(below));
    }
  };
  require_ids("nodes_truenodeids", "nodes_trueleafs");
  require_ids("nodes_falsenodeids", "nodes_falseleafs");
}

void tree_ensemble_infer(Context& op) {
  require_dtype(op, 0, kFloats);
  require_rank(op, 0, 2, 2);
  const Attr *splits = op.attr("nodes_splits"), *weights = op.attr("leaf_weights");
  for (const Attr* a : {splits, weights}) {
    if (a == nullptr || op.dtype(0) == DType::kUnknown || a->tensor.dtype == op.dtype(0)) continue;
    op.fail("dtype-mismatch", "TreeEnsemble has " + a->name + " of " +
                                  std::string(name_of(a->tensor.dtype)) + " for X of " +
                                  std::string(name_of(op.dtype(0))));
  }
  const std::int64_t targets = op.attr_int("n_targets", 1);
  if (targets < 1) {
    op.fail("attr-value", "TreeEnsemble attribute n_targets is " + std::to_string(targets) +
                              ": at least 1 is needed");
  }
  require_trees(op, targets);
  if (const Attr* features = op.attr("nodes_featureids");
      features != nullptr && !features->ints.empty() && op.has_rank(0)) {
    const std::int64_t last = *std::max_element(features->ints.begin(), features->ints.end());
    op.require_at_most("index-out-of-range", Dim(last) + Dim(1), op.shape(0)[1],
                       [] { return std::string("nodes_featureids into X axis 1"); });
  }
  op.output(0, op.dtype(0), {op.has_rank(0) ? op.shape(0)[0] : op.unknown_dim(), Dim(targets)});
}

constexpr AttrSpec kBinarizer[] = {{"threshold", AttrKind::kFloat}};
constexpr AttrSpec kCastMap[] = {
    {"cast_to", AttrKind::kString}, {"map_form", AttrKind::kString}, {"max_map", AttrKind::kInt}};
constexpr AttrSpec kMapper[] = {{"cats_int64s", AttrKind::kInts},
                                {"cats_strings", AttrKind::kStrings},
                                {"default_int64", AttrKind::kInt},
                                {"default_string", AttrKind::kString}};
constexpr AttrSpec kVectorizer[] = {{"int64_vocabulary", AttrKind::kInts},
                                    {"string_vocabulary", AttrKind::kStrings}};
constexpr AttrSpec kLabels1[] = {{"classes_strings", AttrKind::kStrings},
                                 {"default_int64", AttrKind::kInt},
                                 {"default_string", AttrKind::kString}};
constexpr AttrSpec kLabels4[] = {
    {"default_float", AttrKind::kFloat},    {"default_int64", AttrKind::kInt},
    {"default_string", AttrKind::kString},  {"keys_floats", AttrKind::kFloats},
    {"keys_int64s", AttrKind::kInts},       {"keys_strings", AttrKind::kStrings},
    {"values_floats", AttrKind::kFloats},   {"values_int64s", AttrKind::kInts},
    {"values_strings", AttrKind::kStrings}, {"default_tensor", AttrKind::kTensor},
    {"keys_tensor", AttrKind::kTensor},     {"values_tensor", AttrKind::kTensor},
};
constexpr AttrSpec kOneHot[] = {{"cats_int64s", AttrKind::kInts},
                                {"cats_strings", AttrKind::kStrings},
                                {"zeros", AttrKind::kInt}};
constexpr AttrSpec kLinear[] = {
    {"classlabels_ints", AttrKind::kInts},     {"classlabels_strings", AttrKind::kStrings},
    {"coefficients", AttrKind::kFloats, true}, {"intercepts", AttrKind::kFloats},
    {"multi_class", AttrKind::kInt},           {"post_transform", AttrKind::kString},
};
constexpr AttrSpec kSvm[] = {
    {"classlabels_ints", AttrKind::kInts},
    {"classlabels_strings", AttrKind::kStrings},
    {"coefficients", AttrKind::kFloats},
    {"kernel_params", AttrKind::kFloats},
    {"kernel_type", AttrKind::kString},
    {"post_transform", AttrKind::kString},
    {"prob_a", AttrKind::kFloats},
    {"prob_b", AttrKind::kFloats},
    {"rho", AttrKind::kFloats},
    {"support_vectors", AttrKind::kFloats},
    {"vectors_per_class", AttrKind::kInts},
};
constexpr AttrSpec kTrees[] = {
    {"aggregate_function", AttrKind::kInt},
    {"leaf_targetids", AttrKind::kInts, true},
    {"leaf_weights", AttrKind::kTensor, true},
    {"membership_values", AttrKind::kTensor},
    {"n_targets", AttrKind::kInt},
    {"nodes_falseleafs", AttrKind::kInts, true},
    {"nodes_falsenodeids", AttrKind::kInts, true},
    {"nodes_featureids", AttrKind::kInts, true},
    {"nodes_hitrates", AttrKind::kTensor},
    {"nodes_missing_value_tracks_true", AttrKind::kInts},
    {"nodes_modes", AttrKind::kTensor, true},
    {"nodes_splits", AttrKind::kTensor, true},
    {"nodes_trueleafs", AttrKind::kInts, true},
    {"nodes_truenodeids", AttrKind::kInts, true},
    {"post_transform", AttrKind::kInt},
    {"tree_roots", AttrKind::kInts, true},
};
constexpr AttrSpec kZipMap[] = {{"classlabels_int64s", AttrKind::kInts},
                                {"classlabels_strings", AttrKind::kStrings}};

constexpr Op row(std::string_view name, int since, std::span<const AttrSpec> attrs,
                 void (*infer)(Context&), int outputs = 1) {
  return {.name = name,
          .domain = "ai.onnx.ml",
          .since = since,
          .outputs = {outputs, outputs},
          .operands = "X",
          .attrs = attrs,
          .infer = infer};
}

constexpr Op kOps[] = {
    {.name = "ArrayFeatureExtractor",
     .domain = "ai.onnx.ml",
     .inputs = {2, 2},
     .operands = "X Y",
     .infer = array_feature_extractor_infer},
    row("Binarizer", 1, kBinarizer, binarizer_infer),
    row("CastMap", 1, kCastMap, cast_map_infer),
    row("CategoryMapper", 1, kMapper, category_mapper_infer),
    row("DictVectorizer", 1, kVectorizer, dict_vectorizer_infer),
    row("LabelEncoder", 1, kLabels1, label_encoder1_infer),
    row("LabelEncoder", 2, std::span(kLabels4).first(9), label_encoder_infer),
    row("LabelEncoder", 4, kLabels4, label_encoder_infer),
    row("LinearClassifier", 1, kLinear, linear_classifier_infer, 2),
    row("OneHotEncoder", 1, kOneHot, one_hot_encoder_infer),
    row("SVMClassifier", 1, kSvm, svm_classifier_infer, 2),
    row("TreeEnsemble", 5, kTrees, tree_ensemble_infer),
    row("ZipMap", 1, kZipMap, zip_map_infer),
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> ml_ops() { return kOps; }

}  // namespace shapewright::families
