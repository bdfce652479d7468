// What is known before any node runs: the types of inputs and parameters, the bounds of symbols.
#include <algorithm>
#include <cctype>

#include "graph/builder.h"
#include "infer/walk.h"

namespace shapewright {

namespace {

std::string symbol_name(std::string_view value_name, int axis) {
  std::string name;
  for (const char c : value_name)
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) name.insert(0, "x");
  return name + "_d" + std::to_string(axis);
}

bool is_sequence(const DeclaredType& t) {
  const auto container = static_cast<Container>(t.container);
  return container == Container::kSequence || container == Container::kOptionalSequence;
}

bool is_identifier(std::string_view text) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  return std::all_of(text.begin(), text.end(), is_word) &&
         std::isdigit(static_cast<unsigned char>(text[0])) == 0;
}

std::string join(const std::vector<std::string_view>& names) {
  std::string text;
  for (const auto n : names) text += (text.empty() ? "" : ", ") + std::string(n);
  return text;
}

[[noreturn]] void throw_unknown_name(std::string code, const std::string& kind,
                                     const std::string& name,
                                     const std::vector<std::string_view>& known_names) {
  const std::string near = nearest_word(name, known_names);
  const std::string list = known_names.empty() ? "none" : join(known_names);
  throw Error(ErrorKind::kGeneric, std::move(code),
              "the model has no " + kind + " named '" + name + "'", {{kind + "s", list}}, "",
              near.empty() ? "" : "did you mean '" + near + "'?");
}

}  // namespace

Dim Walk::dim_of(const DeclaredDim& declared, std::string_view value_name, int axis,
                 bool is_input) {
  Arena& arena = *analysis_->arena;
  switch (declared.kind) {
    case DeclaredDim::Kind::kNumber: return declared.number;
    case DeclaredDim::Kind::kText:
      if (!declared.text.empty()) {
        // A name that no input has is no size that a caller could give.
        if (!is_input && !arena.find_symbol(declared.text) && is_identifier(declared.text))
          return arena.symbol(declared.text, SymbolKind::kUnknown, {0, kPlusInf});
        const Dim d = parse_dim_param(declared.text);
        return fixed_.empty() ? d : substitute(d, fixed_);
      }
      break;
    case DeclaredDim::Kind::kAbsent: break;
  }
  if (!is_input) return arena.fresh("", SymbolKind::kUnknown, {0, kPlusInf});
  const Dim d = arena.symbol(symbol_name(value_name, axis));
  return fixed_.empty() ? d : substitute(d, fixed_);
}

TensorType Walk::type_of(const DeclaredType& declared, std::string_view value_name, bool is_input) {
  TensorType type;
  type.dtype = declared.dtype;
  type.container = static_cast<Container>(declared.container);
  if (is_sequence(declared)) {
    type.length = declared.length.kind == DeclaredDim::Kind::kAbsent
                      ? analysis_->arena->fresh("length", SymbolKind::kDataDependent, {0, kPlusInf})
                      : dim_of(declared.length, value_name, 0, is_input);
  }
  if (!declared.has_shape) return type;
  if (declared.dims.size() > static_cast<std::size_t>(kMaxRank))
    throw Error(
        ErrorKind::kLimit, "limit-exceeded",
        "'" + std::string(value_name) + "' has rank " + std::to_string(declared.dims.size()),
        {{"limit", "rank " + std::to_string(kMaxRank)}});
  type.shape = Shape();
  int axis = 0;
  for (const DeclaredDim& d : declared.dims) {
    // Elements of a sequence share what is named, and what is not may be another size in each.
    const bool is_shared = !is_sequence(declared) || d.kind == DeclaredDim::Kind::kText;
    type.shape.push_back(dim_of(d, value_name, axis++, is_input && is_shared));
  }
  return type;
}

// What the caller says of a symbol comes before what the importer found.
void Walk::seed_ranges() {
  for (const SymbolRange& range : graph_.symbol_ranges) {
    const auto is_given = [&](const SymbolSpec& s) { return s.name == range.name; };
    if (std::any_of(options_.symbols.begin(), options_.symbols.end(), is_given)) continue;
    analysis_->arena->symbol(range.name, SymbolKind::kDataDependent,
                             {range.lower, range.upper.value_or(kPlusInf)});
  }
}

// What the importer found that the model demands; proved ones vanish.
void Walk::seed_demands() {
  for (const Demand& demand : graph_.demands) {
    analysis_->ops[demand.node] = resolve(demand.node);
    Constraint c;
    c.relation = demand.kind == Demand::Kind::kEqual    ? Relation::kEqual
                 : demand.kind == Demand::Kind::kAtMost ? Relation::kAtMost
                                                        : Relation::kDivides;
    c.lhs = substitute(parse_dim(demand.left), fixed_);
    c.rhs = substitute(parse_dim(demand.right), fixed_);
    c.node = demand.node;
    c.code = demand.is_branch ? kModelBranches : "model-demands";
    c.what = std::string("sizes that the model compares");
    const Truth truth = prove(c);
    if (truth == Truth::kYes) continue;
    if (truth == Truth::kNo) {
      add_finding({std::string(c.code),
                   (demand.is_branch ? "another branch of the model runs unless "
                                     : "the model stands only where ") +
                       to_string(c),
                   {{"left", to_string(c.lhs)}, {"right", to_string(c.rhs)}},
                   demand.is_branch ? "trace the model with these sizes" : ""},
                  c.node);
      continue;
    }
    open_constraint(std::move(c));
  }
}

void Walk::seed_inputs() {
  Arena& arena = *analysis_->arena;
  for (const SymbolSpec& s : options_.symbols) {
    if (s.bounds.lo < 0 || s.bounds.lo > s.bounds.hi)
      throw Error(ErrorKind::kDim, "symbol-bounds",
                  "the bounds of '" + s.name + "' are no range of sizes",
                  {{"lower", std::to_string(s.bounds.lo)}, {"upper", std::to_string(s.bounds.hi)}});
    const Dim d = arena.symbol(s.name, SymbolKind::kInput, s.bounds);
    if (s.bounds.lo == s.bounds.hi)
      if (const auto id = arena.as_symbol(d)) fixed_.emplace_back(*id, Dim(s.bounds.lo));
  }

  const auto& block_inputs = graph_.blocks[0].inputs;
  std::vector<std::string_view> names;
  for (const ValueId v : block_inputs) names.push_back(graph_.values[v].name);
  Graph texts;  // owns the texts of the caller's types while they are parsed
  std::vector<const InputSpec*> given(block_inputs.size(), nullptr);
  for (const InputSpec& spec : options_.inputs) {
    std::size_t at =
        static_cast<std::size_t>(std::find(names.begin(), names.end(), spec.name) - names.begin());
    if (spec.name.empty()) {
      if (block_inputs.size() != 1)
        throw Error(ErrorKind::kGeneric, "input-unnamed",
                    "a type without an input name needs a model with one input; this one has " +
                        std::to_string(block_inputs.size()),
                    {{"inputs", join(names)}});
      at = 0;
    }
    if (at == names.size()) throw_unknown_name("input-unknown", "input", spec.name, names);
    given[at] = &spec;
  }

  std::optional<std::int64_t> first_size;  // of the inputs that take options_.batch
  for (std::size_t i = 0; i < block_inputs.size(); ++i) {
    const ValueId v = block_inputs[i];
    const Value& value = graph_.values[v];
    TensorType type;
    if (value.declared != kNone) type = type_of(graph_.declared[value.declared], value.name, true);
    if (given[i] != nullptr) {
      const TensorType declared = type;
      type = type_of(parse_declared_type(texts, given[i]->type), value.name, true);
      const std::string where = "input '" + std::string(value.name) + "'";
      if (type.container != declared.container && declared.container != Container::kOther &&
          value.declared != kNone)
        throw Error(ErrorKind::kShape, "input-dtype",
                    where + " is " + to_string(declared) + " in the model, not " + to_string(type),
                    {{"given", given[i]->type}, {"declared", to_string(declared)}});
      if (type.dtype == DType::kUnknown) type.dtype = declared.dtype;
      if (declared.dtype != DType::kUnknown && type.dtype != declared.dtype)
        throw Error(ErrorKind::kShape, "input-dtype",
                    where + " is " + std::string(name_of(declared.dtype)) + " in the model, not " +
                        std::string(name_of(type.dtype)),
                    {{"given", given[i]->type}, {"declared", to_string(declared)}});
      if (declared.shape.has_rank() && type.shape.has_rank() &&
          declared.shape.rank() != type.shape.rank())
        throw Error(ErrorKind::kShape, "input-rank",
                    where + " has rank " + std::to_string(declared.shape.rank()) +
                        " in the model, not " + std::to_string(type.shape.rank()),
                    {{"given", given[i]->type}, {"declared", to_string(declared)}});
      if (!type.shape.has_rank()) type.shape = declared.shape;
    }
    if (!options_.batch.empty() && type.shape.rank() > 0 && known(type.shape[0])) {
      if (!first_size) first_size = known(type.shape[0]);
      if (known(type.shape[0]) == first_size) type.shape[0] = arena.symbol(options_.batch);
    }
    analysis_->facts[v] = table_.intern({type, nullptr});
    known_[v] = 1;
  }
  check_symbol_names();
}

void Walk::check_symbol_names() const {
  if (options_.symbols.empty()) return;
  // Symbols fixed to one value are no longer in the shapes, so the declared texts are asked too.
  std::vector<std::string_view> names;
  Arena& arena = *analysis_->arena;
  if (!options_.batch.empty()) names.push_back(options_.batch);
  const auto note = [&](Dim d) {
    for (const std::uint32_t id : symbols_of(d)) names.push_back(arena.symbol_info(id).name);
  };
  Graph texts;
  const auto note_declared = [&](const DeclaredType& t, std::string_view value_name) {
    int axis = 0;
    for (const DeclaredDim& d : t.dims) {
      if (d.kind == DeclaredDim::Kind::kText && !d.text.empty()) note(parse_dim_param(d.text));
      if (d.kind == DeclaredDim::Kind::kAbsent) note(arena.symbol(symbol_name(value_name, axis)));
      ++axis;
    }
    if (t.length.kind == DeclaredDim::Kind::kText) note(parse_dim_param(t.length.text));
  };
  for (const ValueId v : graph_.blocks[0].inputs) {
    const Value& value = graph_.values[v];
    const auto spec =
        std::find_if(options_.inputs.begin(), options_.inputs.end(),
                     [&](const InputSpec& s) { return s.name.empty() || s.name == value.name; });
    if (spec != options_.inputs.end()) {
      note_declared(parse_declared_type(texts, spec->type), value.name);
    } else if (value.declared != kNone) {
      note_declared(graph_.declared[value.declared], value.name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const SymbolSpec& s : options_.symbols)
    if (std::find(names.begin(), names.end(), s.name) == names.end())
      throw_unknown_name("symbol-unknown", "symbol", s.name, names);
}

void Walk::seed_param(ValueId v) {
  const Value& value = graph_.values[v];
  known_[v] = 1;
  OperandType operand;
  const TensorData& data = graph_.constants[value.constant];
  operand.type = {data.dtype, Shape()};
  for (const std::int64_t d : data.dims) operand.type.shape.push_back(d);
  if (auto e = elements_of(data)) operand.elements = keep(std::move(*e));
  analysis_->facts[v] = table_.intern(operand);
}

}  // namespace shapewright
