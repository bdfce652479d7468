#include "infer/walk.h"

#include <algorithm>

#include "infer/batch.h"
#include "infer/merge_contract.h"
#include "ops/rules.h"

namespace shapewright {

namespace {

// Node visits, bodies of loops counted each time, per node of the graph: a hostile nest of loops
// ends here.
constexpr std::size_t kMaxVisitsPerNode = 50;
constexpr std::size_t kMinVisitLimit = 1000;
constexpr std::size_t kMaxRepeatedVisits = 1 << 20;  // over one of each node

bool has_blocks(const AttrSet& attrs) {
  return std::any_of(attrs.begin(), attrs.end(), [](const Attr& a) { return !a.blocks.empty(); });
}

bool is_lost(unsigned kinds) { return (kinds & kind_bit(SymbolKind::kUnknown)) != 0; }

}  // namespace

Walk::Walk(std::shared_ptr<const Graph> graph, const InferOptions& options)
    : graph_ptr_(std::move(graph)),
      graph_(*graph_ptr_),
      options_(options),
      analysis_(std::make_shared<Analysis>()),
      table_(*analysis_) {
  analysis_->graph = graph_ptr_;
  analysis_->arena = std::make_unique<Arena>();
  analysis_->facts.assign(graph_.values.size(), 0);
  analysis_->poisoned.assign(graph_.values.size(), 0);
  analysis_->ops.assign(graph_.nodes.size(), nullptr);
  op_states_.resize(graph_.op_names.size());
  known_.assign(graph_.values.size(), 0);
  analysis_->live_blocks.assign(graph_.blocks.size(), kNeverRuns);
  analysis_->live_blocks[0] = kRuns;
  const std::size_t nodes = graph_.nodes.size();
  visit_limit_ =
      std::max(kMinVisitLimit, std::min(kMaxVisitsPerNode * nodes, nodes + kMaxRepeatedVisits));
  unknown_index_.assign(graph_.op_names.size(), kNone);
  noted_.assign(graph_.blocks.size(), 0);
}

std::shared_ptr<Analysis> Walk::run() {
  Arena& arena = *analysis_->arena;
  const ArenaScope scope(arena);
  arena.limit_work(InferLimits::kTermsFloor + InferLimits::kTermsOfNode * graph_.nodes.size(),
                   InferLimits::kSymbols);
  report_graph_faults();
  seed_ranges();
  seed_inputs();
  seed_demands();
  infer_nodes(0);
  for (ValueId v = 0; v < graph_.values.size(); ++v)
    if (graph_.values[v].kind == ValueKind::kParam && known_[v] == 0) seed_param(v);
  report_unknown_ops();
  report_unlisted();
  merge_contract(*analysis_);
  report_batch(*analysis_);
  count_coverage();
  arena.limit_work(~std::uint64_t{0}, ~std::size_t{0});
  return analysis_;
}

void Walk::infer_nodes(BlockId block) {
  for (const NodeId n : graph_.blocks[block].nodes) infer_node(n);
}

const Op* Walk::resolve(NodeId n) {
  OpState& state = op_states_[graph_.nodes[n].op];
  if (!state.resolved) {
    const OpName& name = graph_.op(graph_.nodes[n]);
    state.row = find_op(name.domain, name.name, name.version);
    state.resolved = true;
  }
  return state.row;
}

FactId Walk::fact_of(ValueId v) {
  if (known_[v] == 0 && graph_.values[v].kind == ValueKind::kParam) seed_param(v);
  return analysis_->facts[v];
}

// Operator, attributes, outputs, then a fact for each input.
bool Walk::key_of(NodeId n) {
  const Node& node = graph_.nodes[n];
  const auto inputs = graph_.inputs(node), outputs = graph_.outputs(node);
  std::uint32_t* const key = memo_.begin(3 + inputs.size());
  key[0] = node.op;
  key[1] = node.attrs;
  key[2] = node.num_outputs << 8;
  for (std::size_t i = 0; i < std::min<std::size_t>(outputs.size(), 8); ++i)
    if (outputs[i] == kNone) key[2] |= 1u << i;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ValueId v = inputs[i];
    if (v != kNone && known_[v] == 0) {
      // A value that nothing defines is a fault of the graph, told already.
      const Value& value = graph_.values[v];
      const bool is_undefined = value.kind == ValueKind::kResult && value.producer == kNone;
      if (analysis_->poisoned[v] != 0 || is_undefined) return false;
      fact_of(v);
    }
    key[3 + i] = v == kNone ? kNone : analysis_->facts[v];
  }
  return true;
}

algebra::SmallBuffer<const OperandType*, 8> Walk::operands_of(NodeId n) {
  const auto inputs = graph_.inputs(graph_.nodes[n]);
  algebra::SmallBuffer<const OperandType*, 8> operands;
  operands.reserve(inputs.size());
  for (const ValueId v : inputs)
    operands.push_back(v == kNone ? nullptr : &analysis_->operand_types[analysis_->facts[v]]);
  return operands;
}

void Walk::set_output(NodeId n, std::size_t i, FactId fact) {
  const ValueId v = graph_.outputs(graph_.nodes[n])[i];
  if (v == kNone) return;
  analysis_->facts[v] = fact;
  analysis_->poisoned[v] = 0;
  known_[v] = 1;
}

void Walk::poison_outputs(NodeId n) {
  for (const ValueId v : graph_.outputs(graph_.nodes[n])) {
    if (v == kNone) continue;
    analysis_->facts[v] = 0;
    analysis_->poisoned[v] = 1;
    known_[v] = 0;
  }
}

void Walk::infer_node(NodeId n) {
  const Node& node = graph_.nodes[n];
  if (++visits_ > visit_limit_)
    throw Error(
        ErrorKind::kLimit, "limit-exceeded", "the bodies of loops are inferred too many times",
        {{"limit", std::to_string(visit_limit_) + " node visits"}}, display_name(graph_, n));
  const Op* op = resolve(n);
  analysis_->ops[n] = op;
  if (errors_ >= InferLimits::kErrors || !key_of(n)) return poison_outputs(n);
  if (op == nullptr) return unknown_op(n);
  if (op->infer == &rules::infer_declared) {
    take_declared(n);
    if (op->values != nullptr) read_values(n, *op);
    return;
  }
  if (const FactId* found = memo_.find()) {
    for (std::size_t i = 0; i < node.num_outputs; ++i) set_output(n, i, found[i]);
  } else {
    run_rule(n, *op);
  }
  if (options_.declared == Declared::kIgnore) return;
  for (const ValueId v : graph_.outputs(node))
    if (v != kNone && graph_.values[v].declared != kNone) merge_declared(n, v);
}

void Walk::run_rule(NodeId n, const Op& op) {
  const Node& node = graph_.nodes[n];
  const auto inputs = operands_of(n);
  std::vector<OperandType> outputs(node.num_outputs);
  const bool outer_once = std::exchange(is_for_once_, false);
  const std::size_t findings_before = analysis_->findings.size();
  bool failed = true;
  try {
    check_node(n, op);
    Context context(graph_, n, inputs, outputs, this);
    op.infer(context);
    if (op.values != nullptr && elements_kept_ < InferLimits::kElements) op.values(context);
    // Later shapes are stated under what the contract demands.
    if (!demanded_.empty()) {
      for (OperandType& t : outputs) {
        for (int k = 0; k < t.type.shape.rank(); ++k)
          t.type.shape[k] = substitute(t.type.shape[k], demanded_);
        t.type.length = substitute(t.type.length, demanded_);
      }
    }
    failed = false;
  } catch (...) {
    report_failure(n);
  }
  if (failed) {
    poison_outputs(n);
  } else {
    algebra::SmallBuffer<FactId, 8> facts;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].type.shape.rank() > kMaxRank)
        throw Error(ErrorKind::kLimit, "limit-exceeded",
                    "an output has rank " + std::to_string(outputs[i].type.shape.rank()),
                    {{"limit", "rank " + std::to_string(kMaxRank)}}, display_name(graph_, n));
      facts.push_back(table_.intern(outputs[i]));
      set_output(n, i, facts[i]);
    }
    // A result is a function of its key only if no body was read and no fresh symbol made; where
    // something was found, the next such node is told of too.
    if (!is_for_once_ && !has_blocks(graph_.attrs(node)) &&
        analysis_->findings.size() == findings_before)
      memo_.remember(facts.data(), facts.size());
  }
  is_for_once_ = outer_once || is_for_once_;
}

// Of the exception that is being handled; limits go on to the caller.
void Walk::report_failure(NodeId n) {
  try {
    throw;
  } catch (RuleFailure& failure) {
    add_finding(std::move(failure), n);
  } catch (const BodyPoisoned&) {  // NOLINT: its finding is there already
  } catch (const Error& e) {
    if (e.kind == ErrorKind::kLimit) {
      Error limit = e;
      if (limit.node.empty()) limit.node = display_name(graph_, n);
      throw limit;
    }
    const std::string name(graph_.op(graph_.nodes[n]).name);
    add_finding({e.code, name + ": " + e.message, e.facts, e.hint}, n);
  }
}

const Elements* Walk::keep(Elements e) {
  if (elements_kept_ >= InferLimits::kElements) return nullptr;
  elements_kept_ += e.size();
  return table_.keep(std::move(e));
}

bool Walk::open_constraint(Constraint&& c) {
  if (unsure_depth_ == 0) return add_constraint(std::move(c));
  is_for_once_ = true;
  return false;
}

bool Walk::add_constraint(Constraint&& c) {
  // A demand on sizes that only a run can tell is no contract of the inputs.
  const Arena& arena = *analysis_->arena;
  const unsigned kinds = symbol_kinds(c.lhs) | symbol_kinds(c.rhs);
  if ((kinds & ~kind_bit(SymbolKind::kInput)) != 0) return false;
  if (!demanded_.empty()) {
    const std::string text = to_string(c);
    c.lhs = substitute(c.lhs, demanded_);
    c.rhs = substitute(c.rhs, demanded_);
    const Truth truth = prove(c);
    if (truth == Truth::kYes) return true;
    if (truth == Truth::kNo)
      throw RuleFailure{
          "contract-contradiction",
          std::string(graph_.op(graph_.nodes[c.node]).name) + " needs " + text +
              ", which the rest of the model rules out",
          {{"left", to_string(c.lhs)}, {"right", to_string(c.rhs)}, {"where", c.what.text()}},
          {}};
  }
  const std::uint64_t hash =
      mix(mix(static_cast<std::uint64_t>(c.relation) + 1, c.lhs.word()), c.rhs.word());
  auto& contract = analysis_->contract;
  const auto same = [&](std::uint32_t i) {
    return contract[i].relation == c.relation && contract[i].lhs == c.lhs &&
           contract[i].rhs == c.rhs;
  };
  if (const std::uint32_t at = contract_table_.find(hash, same); at != kNone) {
    if (contract[at].node != c.node) contract[at].also.push_back(c.node);
    return true;
  }
  if (c.relation == Relation::kEqual && known(c.rhs))
    if (const auto symbol = arena.as_symbol(c.lhs)) demanded_.emplace_back(*symbol, c.rhs);
  if (contract.size() >= InferLimits::kConstraints)
    throw Error(ErrorKind::kLimit, "limit-exceeded",
                "the model makes too many demands of its inputs",
                {{"limit", std::to_string(InferLimits::kConstraints) + " constraints"}},
                display_name(graph_, c.node));
  note_in(graph_.nodes[c.node].block);
  contract_table_.insert(hash, static_cast<std::uint32_t>(contract.size()));
  contract.push_back(std::move(c));
  return true;
}

Dim Walk::fresh(std::string_view why, SymbolKind kind, Bounds bounds) {
  is_for_once_ = true;
  return analysis_->arena->fresh(why, kind, bounds);
}

std::vector<OperandType> Walk::infer_block(BlockId block, std::span<const OperandType> inputs,
                                           Runs runs, Pass pass) {
  struct Depth {
    int& depth;
    const bool deeper;
    Depth(int& d, bool deep) : depth(d), deeper(deep) { depth += deeper; }
    ~Depth() { depth -= deeper; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
  } const scope(unsure_depth_, runs == Runs::kMaybe);
  if (analysis_->live_blocks[block] != kNeverRuns) forget_block(block, pass);
  if (pass == Pass::kFirst) analysis_->live_blocks[block] = unsure_depth_ == 0 ? kRuns : kMayRun;
  const Block& body = graph_.blocks[block];
  for (std::size_t i = 0; i < body.inputs.size(); ++i) {
    const ValueId v = body.inputs[i];
    analysis_->facts[v] = i < inputs.size() ? table_.intern(inputs[i]) : FactId{0};
    analysis_->poisoned[v] = 0;
    known_[v] = 1;
  }
  infer_nodes(block);
  std::vector<OperandType> outputs;
  for (const ValueId v : body.outputs) {
    if (v == kNone || analysis_->poisoned[v] != 0) throw BodyPoisoned{};
    outputs.push_back(analysis_->operand_types[fact_of(v)]);
  }
  return outputs;
}

void Walk::count_coverage() {
  enum : std::uint8_t { kStatic, kSymbolic, kRankOnly, kUnknown };
  std::vector<std::uint8_t> class_of;  // by FactId
  class_of.reserve(analysis_->operand_types.size());
  for (const OperandType& t : analysis_->operand_types) {
    const TensorType& type = t.type;
    std::uint8_t k = kStatic;
    for (const Dim d : type.shape)
      if (const unsigned kinds = symbol_kinds(d); kinds != 0)
        k = std::max<std::uint8_t>(k, is_lost(kinds) ? kRankOnly : kSymbolic);
    if (type.dtype == DType::kUnknown || !type.shape.has_rank()) k = kUnknown;
    class_of.push_back(k);
  }
  Coverage& c = analysis_->coverage;
  std::size_t count[kUnknown + 1] = {};
  for (ValueId v = 0; v < graph_.values.size(); ++v) {
    const Value& value = graph_.values[v];
    if (value.kind != ValueKind::kResult || value.producer == kNone) continue;
    if (analysis_->live_blocks[value.block] == kNeverRuns) continue;
    const std::uint8_t k = class_of[analysis_->facts[v]];
    ++count[k];
    if (k >= kRankOnly && c.first_unknown == kNone) c.first_unknown = value.producer;
  }
  c.static_count = count[kStatic];
  c.symbolic = count[kSymbolic];
  c.rank_only = count[kRankOnly];
  c.unknown = count[kUnknown];
}

std::shared_ptr<Analysis> infer(std::shared_ptr<const Graph> graph, const InferOptions& options) {
  return Walk(std::move(graph), options).run();
}

}  // namespace shapewright
