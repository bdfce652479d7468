// The state of one inference: private to cpp/infer.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dim/small_buffer.h"
#include "infer/facts.h"
#include "infer/infer.h"
#include "ops/registry.h"

namespace shapewright {

class Walk final : public ContextHost {
 public:
  Walk(std::shared_ptr<const Graph> graph, const InferOptions& options);
  std::shared_ptr<Analysis> run();

  // ContextHost
  bool open_constraint(Constraint&& c) override;
  std::vector<OperandType> infer_block(BlockId block, std::span<const OperandType> inputs,
                                       Runs runs, Pass pass) override;
  Dim fresh(std::string_view why, SymbolKind kind, Bounds bounds) override;
  const Elements* keep(Elements e) override;

 private:
  // seed.cpp: what is known before any node runs
  void seed_inputs();
  void seed_param(ValueId v);
  TensorType type_of(const DeclaredType& declared, std::string_view value_name, bool is_input);
  Dim dim_of(const DeclaredDim& declared, std::string_view value_name, int axis, bool is_input);
  void check_symbol_names() const;
  void seed_ranges();
  void seed_demands();

  // walk.cpp: the nodes
  void infer_nodes(BlockId block);
  void infer_node(NodeId n);
  bool key_of(NodeId n);  // for the memo; false: an input is poisoned, so are the outputs
  algebra::SmallBuffer<const OperandType*, 8> operands_of(NodeId n);
  void run_rule(NodeId n, const Op& op);
  void report_failure(NodeId n);
  const Op* resolve(NodeId n);
  void set_output(NodeId n, std::size_t i, FactId fact);
  void poison_outputs(NodeId n);
  FactId fact_of(ValueId v);

  // declared.cpp: the types that the file gives results
  void merge_declared(NodeId n, ValueId v);
  std::optional<Dim> declared_size(const DeclaredDim& d);
  std::string contradiction(const DeclaredType& declared, const TensorType& inferred);
  void note_difference(Difference::Kind kind, ValueId v, const TensorType& inferred,
                       std::string what);
  void take_declared(NodeId n);  // of a node whose framework has computed them
  void read_values(NodeId n, const Op& op);

  // faults.cpp: what is wrong with a node before or instead of its rule
  void check_node(NodeId n, const Op& op);  // arity and attributes; throws RuleFailure
  void unknown_op(NodeId n);
  void add_finding(RuleFailure failure, NodeId n, Severity severity = Severity::kError);
  bool add_constraint(Constraint&& c);  // as open_constraint
  void report_unlisted();
  void note_in(BlockId block);  // that a finding or a constraint stands in it
  void report_graph_faults();
  void report_unknown_ops();
  void count_coverage();
  // Findings and constraints of an earlier run of a body; before a later pass, the constraints
  // stand.
  void forget_block(BlockId block, Pass pass);
  bool is_within(BlockId block, BlockId ancestor) const;

  struct OpState {
    const Op* row = nullptr;
    bool resolved = false;
  };
  struct UnknownOp {
    std::uint32_t op;
    NodeId first;
    std::size_t nodes;
  };

  std::shared_ptr<const Graph> graph_ptr_;
  const Graph& graph_;
  const InferOptions& options_;
  std::shared_ptr<Analysis> analysis_;
  FactTable table_;
  Memo memo_;
  std::vector<OpState> op_states_;  // by Graph::op_names index
  KeptVector<std::uint8_t> known_;  // by ValueId: 1 where its fact stands
  std::vector<UnknownOp> unknown_ops_;
  std::vector<std::uint32_t> unknown_index_;  // by Graph::op_names index, into unknown_ops_
  std::vector<std::uint8_t> noted_;           // by BlockId: 1 where forget_block has work
  std::size_t errors_ = 0, warnings_ = 0, unlisted_ = 0;
  std::size_t elements_kept_ = 0;
  int unsure_depth_ = 0;                // of bodies that may never run
  std::vector<FactId> declared_facts_;  // by index in Graph::declared; 0: not yet made
  IndexTable contract_table_;
  SymbolValues fixed_;  // symbols with one possible value
  SymbolValues
      demanded_;  // symbols the contract leaves one value: later shapes are stated under it
  std::size_t visits_ = 0, visit_limit_ = 0;
  // A rule asked for a fresh symbol, or what it demands was dropped: it is asked again of the next
  // such node.
  bool is_for_once_ = false;
};

}  // namespace shapewright
