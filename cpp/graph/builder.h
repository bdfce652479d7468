// Building a graph by hand or from an importer: names are made unique and checked as they come.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace shapewright {

class GraphBuilder {
 public:
  explicit GraphBuilder(std::int64_t opset = 20);  // of domain ""

  // `type` is the input grammar "f32[N,3,H,W]"; throws Error{kShape or kDim} with what is wrong in
  // it.
  ValueId input(std::string_view name, const DeclaredType& type);
  ValueId param(std::string_view name, const DeclaredType& type);  // dims must be numbers
  ValueId constant(std::string_view name, TensorData data);  // a param whose elements are known
  // kNone entries are omitted optional inputs. Outputs are named after the node: "stem", "stem.1",
  // ... Returns the first output; others by graph().outputs(node).
  NodeId add(std::string_view op, std::span<const ValueId> inputs, AttrSet attrs,
             std::string_view name, std::size_t num_outputs = 1, std::string_view domain = "");
  void output(ValueId value);
  // What a framework knows of a node beside its operator; `module` is a path, `origin` a line.
  void describe(NodeId node, std::string_view module, std::string_view origin, bool grad_enabled);
  // The type of a result, as the framework computed it; equal texts share one.
  void declare(ValueId value, std::string_view type);
  void demand(Demand::Kind kind, std::string_view left, std::string_view right, NodeId node,
              bool is_branch = false);
  void symbol_range(std::string_view name, std::int64_t lower, std::optional<std::int64_t> upper);
  void opset(std::string_view domain, std::int64_t version);

  // A body for If, Loop, Scan: nodes added between begin and end belong to it.
  BlockId begin_block();
  void end_block();

  Graph& graph() { return graph_; }
  Graph take() { return std::move(graph_); }

 private:
  ValueId define(std::string_view name,
                 ValueKind kind);  // "" gets a free name; one that is taken is an error
  static void check_data_size(std::string_view name, const TensorData& data);

  Graph graph_;
  std::vector<BlockId> open_{0};
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, std::uint32_t> declared_;  // index in Graph::declared, by text
  std::unordered_map<std::string_view, std::uint32_t> origins_;
  std::size_t unnamed_ = 0;
};

// Parses "f32[N,3,H,W]" ("i64[]" is a scalar, "f32" alone has unknown rank); texts are interned in
// `g`.
DeclaredType parse_declared_type(Graph& g, std::string_view text);

}  // namespace shapewright
