// From the wire format to a Graph. One Reader reads one file.
//
// A block is read in two passes, since files may list nodes in any order: the first makes the nodes
// and defines every name of the block, the second resolves what the nodes read, then descends into
// bodies and functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/tensor_type.h"
#include "graph/utf8.h"
#include "onnx/external_data.h"
#include "onnx/fields.h"
#include "onnx/name_table.h"
#include "onnx/tensor.h"
#include "onnx/wire.h"

namespace shapewright::onnx {

// Past these a file is refused with Error{kLimit}.
struct ReadLimits {
  static constexpr std::size_t kNameBytes = 64 << 10;
  static constexpr std::size_t kNodes = 1 << 20, kValues = 1 << 22;
  static constexpr std::size_t kAttrs = 1 << 20;  // distinct, of all nodes
  static constexpr std::size_t kAttrsOfNode = 1024;
  static constexpr std::size_t kOperandsOfNode = 1 << 16;  // and results
  static constexpr std::uint32_t kBlockDepth = 64;
  static constexpr std::size_t kCallDepth = 100;
  static constexpr std::uint64_t kExpansion = 50;  // nodes made by calls, per node of the file
  static constexpr std::uint64_t kExpansionFloor = 10'000;
  // Bytes read or kept by calls, per byte of the file.
  static constexpr std::uint64_t kExpansionBytes = 4;
  static constexpr std::uint64_t kExpansionBytesFloor = 16 << 20;
  static constexpr std::size_t kFaults = 256;  // listed; more are counted
};

// Versions of the operator sets in force, by domain.
struct Opsets {
  std::vector<std::pair<std::string_view, std::int64_t>> versions;
  NameTable by_domain;  // index into `versions`

  void add(std::string_view domain, std::int64_t version);
  std::int64_t version(std::string_view domain);  // 0 if there is none
};

// A model-local function; its texts point into the file.
struct Function {
  std::string_view name, domain, overload;
  std::vector<std::string_view> inputs, outputs, nodes, defaults, value_infos;
  Opsets opsets;
  std::uint64_t header_bytes = 0;  // without the nodes

  std::string text() const;  // "domain.name:overload"
};

// As depth: an output of a call, not yet made.
inline constexpr std::uint32_t kReserved = 0xFFFFFFFEu;
inline constexpr std::uint32_t kOmitted = 0xFFFFFFFEu;  // as id: a parameter that the call omits

// What names mean: one for the main graph with all its bodies, one for every call under expansion.
struct Frame {
  NameTable names;
  // Operators of domain "" that were met: one place for each of some hashes of their names.
  struct KnownOp {
    std::string_view op_type;
    std::uint32_t op = 0;
  };
  std::array<KnownOp, 64> ops;
  struct Undo {
    std::string_view name;
    std::uint32_t id, depth;
  };
  std::vector<Undo> undo;   // bindings to restore where the block at hand ends
  std::uint32_t depth = 0;  // of the block at hand; 0 is the graph or function body
  Opsets* opsets = nullptr;
  // Of a call:
  const Function* function = nullptr;
  std::string prefix;                  // of all names
  std::string_view scope_text;         // of nodes that have none
  const AttrSet* arguments = nullptr;  // attributes of the call, defaults filled in
  std::uint32_t index = 0;             // position of the call
};

struct Call {
  const Function* function = nullptr;
  std::string_view name, scope_text;
  std::vector<std::string_view> inputs;
  std::vector<ValueId> operands, outputs;  // operands are `inputs`, resolved
  std::uint32_t attrs = 0, index = 0;
  std::int64_t byte_offset = -1;
};

// The fields of a NodeProto.
struct NodeFields {
  std::string_view name, op_type, domain, overload, scope_text;
  std::vector<std::string_view> inputs, outputs, attributes;
  std::string_view all_attributes;  // tags and all, if they stand in one run
  std::uint32_t index = 0;
  std::int64_t byte_offset = -1;
};

// A block half read: what the second pass has to do.
struct Body {
  BlockId block = 0;
  std::vector<NodeId> order;  // kNone for a call
  std::vector<Call> calls;
  struct Read {
    std::uint32_t edge;
    NodeId node;
    std::string_view name;
  };
  std::vector<Read> reads;  // of names not yet defined when they were met
  struct GraphAttr {
    NodeId node;  // kNone for an argument of a call
    std::uint32_t attrs, attr;
    std::string_view bytes;
  };
  std::vector<GraphAttr> graphs;
};

// The fields of a GraphProto.
struct GraphFields {
  std::string_view name;
  KeptVector<std::string_view> nodes, initializers, value_infos;
  std::vector<std::string_view> inputs, outputs, sparse;
};

class Reader {
 public:
  Reader(Source source, std::string directory)
      : source_(std::move(source)), external_(std::move(directory)) {}
  Graph read();

 private:
  // model.cpp
  void read_opset(std::string_view bytes, Opsets& opsets);
  std::int64_t assume_opset();
  GraphFields skim_graph(std::string_view bytes) const;
  void read_main(const GraphFields& fields);
  BlockId read_block(std::string_view bytes, NodeId owner, Frame& frame);
  void read_params(const GraphFields& fields, BlockId block, Frame& frame);
  void read_inputs(const GraphFields& fields, BlockId block, Frame& frame);
  void read_outputs(const GraphFields& fields, BlockId block, Frame& frame);
  void read_value_infos(std::span<const std::string_view> infos, Frame& frame);

  // nodes.cpp
  void read_nodes(std::span<const std::string_view> nodes, BlockId block, Frame& frame);
  void read_node(std::string_view bytes, std::uint32_t index, Body& body, Frame& frame);
  void make_node(const NodeFields& fields, Body& body, Frame& frame);
  void make_call(const NodeFields& fields, const Function& function, Body& body, Frame& frame);
  std::uint32_t read_op(std::string_view domain, std::string_view op_type, Frame& frame);

  // attributes.cpp
  std::uint32_t read_attrs(std::span<const std::string_view> attributes, std::string_view all,
                           NodeId node, Body* body, Frame& frame);
  void read_attr(std::string_view bytes, Attr& attr, std::vector<std::string_view>& graphs,
                 std::string_view& reference);
  bool read_attr_tensor(std::string_view bytes, bool sparse, Attr& attr);
  bool substitute(Attr& attr, std::string_view reference, NodeId node, const Frame& frame);

  // names.cpp
  // What the graph keeps of a text of the file; made valid UTF-8.
  std::string_view keep_text(std::string_view text) {
    const bool as_it_is = source_.stays && text.size() <= ReadLimits::kNameBytes && is_ascii(text);
    return as_it_is ? text : copy_text(text);
  }
  std::string_view copy_text(std::string_view text);
  // The same of a scope, which is made valid when it is read.
  std::string_view keep_scope(std::string_view text) {
    return source_.stays || text.empty() ? text : copy_scope(text);
  }
  std::string_view copy_scope(std::string_view text);
  std::string_view keep_name(std::string_view name, const Frame& frame) {
    return frame.prefix.empty() ? keep_text(name) : prefixed_name(name, frame);
  }
  std::string_view prefixed_name(std::string_view name, const Frame& frame);
  ValueId new_value(std::string_view name, ValueKind kind, BlockId block, const Frame& frame);
  ValueId define(std::string_view name, ValueKind kind, BlockId block, Frame& frame);
  ValueId undefined(std::string_view name, BlockId block, Frame& frame);
  ValueId resolve(std::string_view name, BlockId block, Frame& frame);  // kNone: omitted
  std::string nearest_name(std::string_view name, const Frame& frame);
  void leave_block(Frame& frame, std::size_t undo_start);

  // types.cpp
  std::uint32_t read_type(std::string_view bytes, ValueId value);
  void read_type_proto(std::string_view bytes, Container within, DeclaredType& type, ValueId value);
  void read_wrapped(std::string_view bytes, Container within, DeclaredType& type, ValueId value);
  void read_map_values(std::string_view bytes, DeclaredType& type, ValueId value);
  void read_tensor_type(std::string_view bytes, DeclaredType& type, ValueId value);
  void read_shape(std::string_view bytes, DeclaredType& type, ValueId value);

  // functions.cpp
  void read_function(std::string_view bytes);
  const Function* find_function(std::string_view domain, std::string_view name,
                                std::string_view overload) const;  // nullptr if there is none
  void expand(const Call& call, BlockId block, Frame& caller);
  void bind_operands(const Call& call, Frame& frame);
  void finish_outputs(const Call& call, BlockId block, Frame& frame);
  void check_recursion(const Function& function) const;
  AttrSet arguments_of(const Call& call);
  std::string call_prefix(const Call& call, const Frame& caller);
  // Work done for calls, against the limits.
  void charge(std::uint64_t bytes);
  void charge_nodes(std::span<const std::string_view> nodes);

  // faults.cpp
  void fault(GraphFault fault);
  void finish_faults();
  void name_fault(const char* code, ValueId value, const char* what, bool is_error);
  void constant_fault(const ConstantTensor& tensor, const std::string& subject);
  [[noreturn]] void limit(std::string code, std::string message) const;
  [[noreturn]] void too_many(std::size_t most, const char* what) const;
  void check_count(std::size_t count, std::size_t most, const char* what) const {
    if (count > most) too_many(most, what);
  }

  Source source_;
  ExternalData external_;
  Graph g_;
  Opsets opsets_;
  std::uint32_t block_depth_ = 0;
  NodeId at_node_ = kNone;  // what is being read, for faults
  const Call* at_call_ = nullptr;
  int name_searches_ = 0;
  std::size_t faults_unlisted_ = 0;
  bool error_unlisted_ = false;

  std::size_t attrs_read_ = 0;
  NameTable attr_sets_;
  std::unordered_map<const char*, std::uint32_t> large_attr_sets_;
  std::string_view scope_read_, scope_kept_;  // by the last keep_scope
  bool maybe_unsorted_ = false;
  NodeFields node_;  // kept for its capacity

  std::vector<Function> functions_;
  std::unordered_map<std::string, std::size_t> function_index_;
  std::vector<const Function*> call_stack_;
  std::unordered_set<std::string> call_prefixes_;
  std::uint64_t repeated_prefixes_ = 0;
  std::uint64_t file_nodes_ = 0, expanded_nodes_ = 0, expanded_bytes_ = 0;
};

// What a file that is not ONNX seems to be: "a zip archive ...", "" if nothing is recognised.
std::string looks_like(std::string_view bytes);

}  // namespace shapewright::onnx
