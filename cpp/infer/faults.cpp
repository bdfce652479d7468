// What is wrong with a node before or instead of its rule, and how a failure becomes a finding.
#include <algorithm>
#include <limits>

#include "infer/walk.h"

namespace shapewright {

namespace {

std::string qualified(const OpName& op) {
  return op.domain.empty() ? std::string(op.name)
                           : std::string(op.domain) + "." + std::string(op.name);
}

std::string_view operand_label(std::string_view operands, std::size_t index) {
  std::size_t start = 0;
  for (std::size_t i = 0; start < operands.size(); ++i) {
    const std::size_t end = std::min(operands.find(' ', start), operands.size());
    if (i == index) return operands.substr(start, end - start);
    start = end + 1;
  }
  return {};
}

std::string plural(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string range_text(const Arity& a) {
  if (a.max >= kMany) return "at least " + std::to_string(a.min);
  if (a.min == a.max) return std::to_string(a.min);
  return std::to_string(a.min) + " to " + std::to_string(a.max);
}

// "W axis 1 must be 256" where one of the two sizes is that of a stored tensor, named in the
// message as "W axis 1", and the other is not.
std::string size_repair(const Analysis& a, NodeId n, const Op& op, const RuleFailure& failure) {
  const Graph& g = *a.graph;
  const auto inputs = g.inputs(g.nodes[n]);
  std::string repair;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string_view label = operand_label(op.operands, i);
    if (label.empty() || inputs[i] == kNone || g.values[inputs[i]].kind != ValueKind::kParam)
      continue;
    const Shape& shape = a.type(inputs[i]).shape;
    for (int k = 0; k < shape.rank(); ++k) {
      const std::string place = std::string(label) + " axis " + std::to_string(k);
      const std::size_t at = failure.message.find(" " + place);
      if (at == std::string::npos) continue;
      const auto& [left, right] = *failure.sizes;
      const Dim other = shape[k] == left ? right : left;
      if (!repair.empty() || (shape[k] != left && shape[k] != right) || !known(other)) return {};
      repair = place + " must be " + to_string(other);
    }
  }
  return repair;
}

}  // namespace

void Walk::check_node(NodeId n, const Op& op) {
  const Node& node = graph_.nodes[n];
  const std::string name(graph_.op(node).name);
  const auto inputs = graph_.inputs(node);
  std::size_t given = inputs.size();
  while (given > 0 && inputs[given - 1] == kNone) --given;
  if (given > static_cast<std::size_t>(op.inputs.max) ||
      inputs.size() < static_cast<std::size_t>(op.inputs.min))
    throw RuleFailure{
        "input-count",
        name + " takes " + range_text(op.inputs) + " inputs, not " + std::to_string(given),
        {},
        {}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(op.inputs.min); ++i)
    if (inputs[i] == kNone && (i >= 32 || (op.optional >> i & 1) == 0)) {
      const std::string label(operand_label(op.operands, i));
      throw RuleFailure{"input-missing",
                        name + " needs its input " + (label.empty() ? std::to_string(i) : label),
                        {},
                        {}};
    }
  if (op.inputs.max >= kMany)
    for (std::size_t i = static_cast<std::size_t>(op.inputs.min); i < inputs.size(); ++i)
      if (inputs[i] == kNone)
        throw RuleFailure{
            "input-missing",
            name + " takes any number of inputs, and input " + std::to_string(i) + " is left out",
            {},
            {}};
  if (node.num_outputs > static_cast<std::uint32_t>(op.outputs.max) ||
      node.num_outputs < static_cast<std::uint32_t>(op.outputs.min))
    throw RuleFailure{"output-count",
                      name + " gives " + range_text(op.outputs) + " outputs, not " +
                          std::to_string(node.num_outputs),
                      {},
                      {}};

  const AttrSet& attrs = graph_.attrs(node);
  for (const AttrSpec& spec : op.attrs)
    if (spec.required && find_attr(attrs, spec.name) == nullptr)
      throw RuleFailure{
          "attr-missing", name + " needs the attribute " + std::string(spec.name), {}, {}};
  for (const Attr& attr : attrs) {
    const auto spec = std::find_if(op.attrs.begin(), op.attrs.end(),
                                   [&](const AttrSpec& s) { return s.name == attr.name; });
    if (spec == op.attrs.end()) {
      std::vector<std::string_view> names;
      for (const AttrSpec& s : op.attrs) names.push_back(s.name);
      const std::string near = nearest_word(attr.name, names);
      add_finding({"attr-unknown",
                   name + " has no attribute " + attr.name + " at opset " +
                       std::to_string(graph_.op(node).version),
                   {},
                   near.empty() ? "" : "did you mean " + near + "?"},
                  n, attr.name.starts_with("__") ? Severity::kWarning : Severity::kError);
    } else if (spec->kind != attr.kind) {
      throw RuleFailure{"attr-kind",
                        name + " attribute " + attr.name + " is of kind " +
                            std::string(name_of(attr.kind)) + ", not " +
                            std::string(name_of(spec->kind)),
                        {},
                        {}};
    }
  }
}

void Walk::note_in(BlockId block) {
  while (noted_[block] == 0) {
    noted_[block] = 1;
    const NodeId owner = graph_.blocks[block].owner;
    if (owner == kNone) return;
    block = graph_.nodes[owner].block;
  }
}

void Walk::add_finding(RuleFailure failure, NodeId n, Severity severity) {
  const bool is_error = severity == Severity::kError;
  if (!is_error && warnings_ >= InferLimits::kWarnings) {
    ++unlisted_;
    return;
  }
  ++(is_error ? errors_ : warnings_);
  note_in(graph_.nodes[n].block);
  const Op* op = analysis_->ops[n];
  const auto inputs = graph_.inputs(graph_.nodes[n]);
  Facts facts;
  for (std::size_t i = 0; i < inputs.size() && i < 8; ++i) {
    if (inputs[i] == kNone) continue;
    std::string label(op == nullptr ? std::string_view() : operand_label(op->operands, i));
    if (label.empty()) label = "input " + std::to_string(i);
    facts.emplace_back(std::move(label), describe_value(*analysis_, inputs[i]));
  }
  if (const auto& sizes = failure.sizes) {
    const bool is_equality = failure.message.find("!=") != std::string::npos;
    if (failure.hint.empty() && op != nullptr && is_equality)
      failure.hint = size_repair(*analysis_, n, *op, failure);
    const auto is_one = [&](Dim d) { return d == sizes->first || d == sizes->second; };
    if (const auto origin = origin_of(*analysis_, n, true, is_one))
      facts.emplace_back("why", describe(*analysis_, *origin));
  }
  for (auto& f : failure.facts) facts.push_back(std::move(f));
  analysis_->findings.push_back({std::move(failure.code), severity, std::move(failure.message), n,
                                 std::move(facts), std::move(failure.hint)});
}

void Walk::report_unlisted() {
  const bool has_stopped = errors_ >= InferLimits::kErrors;
  if (!has_stopped && unlisted_ == 0) return;
  const std::string count = std::to_string(InferLimits::kErrors);
  Finding f;
  f.code = "faults-unlisted";
  f.severity = has_stopped ? Severity::kError : Severity::kWarning;
  f.message = has_stopped ? "The model is not looked at any further after " + count + " errors"
                          : "More warnings than " + count + " are not listed";
  f.facts = {{"listed", count}};
  analysis_->findings.push_back(std::move(f));
}

void Walk::report_graph_faults() {
  for (const GraphFault& f : graph_.faults) {
    const Severity severity = f.is_error  ? Severity::kError
                              : f.is_note ? Severity::kNote
                                          : Severity::kWarning;
    analysis_->findings.push_back({f.code, severity, f.message, f.node, f.facts, f.hint});
  }
}

void Walk::unknown_op(NodeId n) {
  const Node& node = graph_.nodes[n];
  if (options_.user_rule) {
    const auto outputs = graph_.outputs(node);
    const auto inputs = operands_of(n);
    const UserCall call{graph_.op(node), graph_.attrs(node), inputs, node.num_outputs,
                        display_name(graph_, n)};
    try {
      if (const auto types = options_.user_rule(call)) {
        for (std::size_t i = 0; i < outputs.size(); ++i)
          set_output(n, i, i < types->size() ? table_.intern({(*types)[i], nullptr}) : FactId{0});
        return;
      }
    } catch (const Error& e) {
      add_finding({e.code, e.message, e.facts, e.hint}, n);
      return poison_outputs(n);
    }
  }
  take_declared(n);
  if (const std::uint32_t at = unknown_index_[node.op]; at != kNone) {
    ++unknown_ops_[at].nodes;
    return;
  }
  unknown_index_[node.op] = static_cast<std::uint32_t>(unknown_ops_.size());
  unknown_ops_.push_back({node.op, n, 1});
  note_in(node.block);
}

void Walk::report_unknown_ops() {
  const Severity severity = options_.strict ? Severity::kError : Severity::kWarning;
  std::size_t told = 0;
  NodeId first_untold = kNone;
  bool is_untold_certain = false;
  for (const UnknownOp& u : unknown_ops_) {
    const OpName& op = graph_.op_names[u.op];
    if (op.domain == "aten") {
      add_finding({"op-unmodelled",
                   qualified(op) + " has no row: its types are PyTorch's own, what it keeps and "
                                   "takes beside its outputs is not counted",
                   {{"nodes", plural(u.nodes, "node")}},
                   {}},
                  u.first, severity);
      continue;
    }
    const Op* newer = find_op(op.domain, op.name, std::numeric_limits<std::int64_t>::max());
    const std::string nodes = plural(u.nodes, "node");
    if (newer != nullptr) {
      std::int64_t since = newer->since;
      for (const Op* row : all_ops())
        if (row->domain == op.domain && row->name == op.name)
          since = std::min<std::int64_t>(since, row->since);
      add_finding({"op-version",
                   qualified(op) + " needs opset " + std::to_string(since) +
                       ", the model imports " + std::to_string(op.version),
                   {{"nodes", nodes}},
                   {}},
                  u.first);
      continue;
    }
    // The specification is known whole up to this version: no runtime has the operator.
    const bool is_certain = op.domain.empty() && !op.name.empty() && op.version <= newest_opset();
    if (++told > InferLimits::kUnknownOps) {
      if (first_untold == kNone) first_untold = u.first;
      is_untold_certain |= is_certain;
      continue;
    }
    std::string_view near = nearest_op(op.name);
    std::vector<std::string_view> own;
    for (const OpName& f : graph_.functions)
      if (f.domain == op.domain) own.push_back(f.name);
    const std::string nearest = nearest_word(op.name, own);
    if (!nearest.empty()) near = nearest;
    add_finding(
        {"op-unknown",
         qualified(op) + " has no rule: the types of its outputs are taken from the file where it "
                         "declares them, and are unknown otherwise",
         {{"nodes", nodes}},
         near.empty()      ? ""
         : nearest.empty() ? "did you mean " + std::string(near) + "?"
                           : "did you mean the function " + qualified({op.domain, near}) + "?"},
        u.first, is_certain ? Severity::kError : severity);
  }
  if (first_untold != kNone)
    add_finding({"op-unknown",
                 std::to_string(told - InferLimits::kUnknownOps) + " more operators have no rule",
                 {},
                 {}},
                first_untold, is_untold_certain ? Severity::kError : severity);
}

bool Walk::is_within(BlockId block, BlockId ancestor) const {
  while (block != ancestor) {
    const NodeId owner = graph_.blocks[block].owner;
    if (owner == kNone) return false;
    block = graph_.nodes[owner].block;
  }
  return true;
}

void Walk::forget_block(BlockId block, Pass pass) {
  if (noted_[block] == 0) return;
  const auto inside = [&](NodeId n) {
    return n != kNone && is_within(graph_.nodes[n].block, block);
  };
  // Faults of the file itself come first, and stay.
  auto& findings = analysis_->findings;
  const auto first = findings.begin() + static_cast<std::ptrdiff_t>(graph_.faults.size());
  const auto is_forgotten = [&](const Finding& f) {
    if (!inside(f.node)) return false;
    --(f.severity == Severity::kError ? errors_ : warnings_);
    return true;
  };
  findings.erase(std::remove_if(first, findings.end(), is_forgotten), findings.end());
  if (std::erase_if(unknown_ops_, [&](const UnknownOp& u) { return inside(u.first); }) > 0) {
    std::fill(unknown_index_.begin(), unknown_index_.end(), kNone);
    for (std::size_t i = 0; i < unknown_ops_.size(); ++i)
      unknown_index_[unknown_ops_[i].op] = static_cast<std::uint32_t>(i);
  }
  std::erase_if(analysis_->differences,
                [&](const Difference& d) { return inside(graph_.values[d.value].producer); });
  auto& contract = analysis_->contract;
  if (pass == Pass::kLater) {
    for (Constraint& c : contract)
      if (inside(c.node) && (c.earlier == kNone || is_within(c.earlier, block))) c.earlier = block;
    return;
  }
  const std::size_t before = contract.size();
  // What an earlier pass of an outer body demands stands, however often this one is inferred.
  std::erase_if(contract, [&](const Constraint& c) {
    return inside(c.node) && (c.earlier == kNone || is_within(c.earlier, block));
  });
  if (contract.size() == before) return;
  std::vector<Constraint> kept = std::move(contract);
  contract.clear();
  contract_table_ = {};
  memo_ = {};  // with what is remembered, a demand would not be made again
  demanded_.clear();
  for (Constraint& c : kept) add_constraint(std::move(c));
}

}  // namespace shapewright
