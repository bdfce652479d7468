// The types that the file gives results, against those that inference finds.
#include <algorithm>

#include "infer/walk.h"

namespace shapewright {

namespace {

// A size of `inferred` may be replaced by what the file says: nothing but a run tells it.
bool is_open(const Arena& arena, Dim inferred) {
  if (known(inferred)) return false;
  const auto symbol = arena.as_symbol(inferred);
  return symbol && arena.symbol_info(*symbol).kind != SymbolKind::kInput;
}

}  // namespace

// The size a file declares: a number, or a symbol of an input; other texts say nothing.
std::optional<Dim> Walk::declared_size(const DeclaredDim& d) {
  if (d.kind == DeclaredDim::Kind::kNumber) return Dim(d.number);
  if (d.kind == DeclaredDim::Kind::kAbsent) return std::nullopt;
  Arena& arena = *analysis_->arena;
  const auto id = arena.find_symbol(d.text);
  if (!id || arena.symbol_info(*id).kind != SymbolKind::kInput) return std::nullopt;
  Dim size = arena.symbol(d.text);
  if (!fixed_.empty()) size = substitute(size, fixed_);
  return demanded_.empty() ? size : substitute(size, demanded_);
}

// How the declared type contradicts the inferred one; "" where it does not.
std::string Walk::contradiction(const DeclaredType& declared, const TensorType& inferred) {
  if (declared.dtype != DType::kUnknown && inferred.dtype != DType::kUnknown &&
      declared.dtype != inferred.dtype)
    return std::string(name_of(declared.dtype)) + " is declared";
  if (!declared.has_shape || !inferred.shape.has_rank()) return {};
  const std::size_t rank = declared.dims.size();
  if (rank != static_cast<std::size_t>(inferred.shape.rank()))
    return "rank " + std::to_string(rank) + " is declared";
  for (std::size_t i = 0; i < rank; ++i) {
    const DeclaredDim& d = declared.dims[i];
    if (d.kind != DeclaredDim::Kind::kNumber) continue;
    const Dim have = inferred.shape[static_cast<int>(i)];
    if (have != Dim(d.number) && prove_eq(have, d.number) == Truth::kNo)
      return std::to_string(d.number) + " is declared on axis " + std::to_string(i);
  }
  return {};
}

void Walk::note_difference(Difference::Kind kind, ValueId v, const TensorType& inferred,
                           std::string what) {
  const DeclaredType& declared = graph_.declared[graph_.values[v].declared];
  TensorType type = type_of(declared, graph_.values[v].name, false);
  note_in(graph_.values[v].block);
  analysis_->differences.push_back({kind, v, std::move(type), inferred, std::move(what)});
}

void Walk::merge_declared(NodeId n, ValueId v) {
  if (analysis_->poisoned[v] != 0) return;
  const DeclaredType& declared = graph_.declared[graph_.values[v].declared];
  if (declared.dims.size() > static_cast<std::size_t>(kMaxRank)) return;
  const OperandType& have = analysis_->operand_types[analysis_->facts[v]];
  const bool trusts = options_.declared == Declared::kTrust;
  if (std::string what = contradiction(declared, have.type); !what.empty()) {
    // Types the caller gave for the inputs make what the file declares of the rest stale.
    const bool is_stale =
        !options_.inputs.empty() || !options_.symbols.empty() || !options_.batch.empty();
    const bool is_dtype = have.type.dtype != DType::kUnknown && declared.dtype != DType::kUnknown &&
                          declared.dtype != have.type.dtype;
    if (is_stale && !is_dtype && !trusts) return;
    if (!trusts) {
      const bool is_error = is_dtype || options_.declared == Declared::kCheck;
      add_finding({"declared-mismatch",
                   "'" + std::string(graph_.values[v].name) + "' is " + to_string(have.type) +
                       ", but " + what,
                   {},
                   {}},
                  n, is_error ? Severity::kError : Severity::kWarning);
    }
    note_difference(Difference::Kind::kContradicts, v, have.type, std::move(what));
    if (is_dtype && !trusts) {  // no runtime goes on from here
      analysis_->poisoned[v] = 1;
      analysis_->facts[v] = 0;
      known_[v] = 0;
    }
    if (!trusts) return;
  }
  const auto is_known = [&](Dim d) { return !is_open(*analysis_->arena, d); };
  const bool is_complete = have.type.dtype != DType::kUnknown && have.type.shape.has_rank() &&
                           std::all_of(have.type.shape.begin(), have.type.shape.end(), is_known);
  if (is_complete && !trusts) return;
  OperandType merged = have;
  if (declared.dtype != DType::kUnknown && (trusts || merged.type.dtype == DType::kUnknown)) {
    merged.type.dtype = declared.dtype;
    const auto container = static_cast<Container>(declared.container);
    if (merged.type.container == Container::kTensor && container != Container::kTensor)
      merged.type = type_of(declared, graph_.values[v].name, false);
  }
  // No runtime holds the elements of a sequence to the shape that a file declares.
  const bool is_one_tensor =
      merged.type.container == Container::kTensor || merged.type.container == Container::kOptional;
  if (declared.has_shape && (is_one_tensor || trusts)) {
    Shape& mine = merged.type.shape;
    const int rank = static_cast<int>(declared.dims.size());
    if (!mine.has_rank() || mine.rank() != rank) {
      mine = Shape();
      merged.elements = nullptr;
      for (int i = 0; i < rank; ++i)
        mine.push_back(analysis_->arena->fresh("", SymbolKind::kUnknown, {0, kPlusInf}));
    }
    for (int i = 0; i < rank; ++i)
      if (trusts || is_open(*analysis_->arena, mine[i]))
        if (const auto size = declared_size(declared.dims[static_cast<std::size_t>(i)]))
          mine[i] = *size;
  }
  if (merged == have) return;
  const auto& noted = analysis_->differences;
  if (noted.empty() || noted.back().value != v)
    note_difference(Difference::Kind::kRefines, v, have.type, "inference leaves it open");
  analysis_->facts[v] = table_.intern(merged);
}

void Walk::take_declared(NodeId n) {
  const auto outputs = graph_.outputs(graph_.nodes[n]);
  declared_facts_.resize(graph_.declared.size(), 0);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i] == kNone) continue;
    const Value& value = graph_.values[outputs[i]];
    if (value.declared == kNone) {
      set_output(n, i, 0);
      continue;
    }
    FactId& fact = declared_facts_[value.declared];
    if (fact == 0) {
      TensorType type = type_of(graph_.declared[value.declared], value.name, false);
      if (!demanded_.empty())
        for (int k = 0; k < type.shape.rank(); ++k)
          type.shape[k] = substitute(type.shape[k], demanded_);
      fact = table_.intern({std::move(type), nullptr});
    }
    set_output(n, i, fact);
  }
}

// What the elements of the inputs say of a node whose types are taken.
void Walk::read_values(NodeId n, const Op& op) {
  const auto inputs = operands_of(n);
  const auto is_known = [](const OperandType* t) { return t != nullptr && t->greatest; };
  if (!inputs.empty() && std::ranges::none_of(inputs, is_known)) return;
  std::vector<OperandType> outputs;
  for (const ValueId v : graph_.outputs(graph_.nodes[n]))
    outputs.push_back(v == kNone ? OperandType{} : analysis_->operand_types[analysis_->facts[v]]);
  try {
    Context context(graph_, n, inputs, outputs, this);
    op.values(context);
  } catch (...) {
    return report_failure(n);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) set_output(n, i, table_.intern(outputs[i]));
}

}  // namespace shapewright
