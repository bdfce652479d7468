// A model as data: values, nodes and blocks in flat arrays, ids instead of pointers.
//
// A block is a graph body: blocks[0] is the model, the others are the branches of If and the bodies
// of Loop, Scan and SequenceMap. Value ids are global, so a body that reads a value of the
// enclosing graph just uses its id. Model-local functions are expanded by the importer.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/kept_blocks.h"
#include "graph/attrs.h"
#include "graph/dtype.h"

namespace shapewright {

using ValueId = std::uint32_t;
using NodeId = std::uint32_t;
using BlockId = std::uint32_t;
inline constexpr std::uint32_t kNone = 0xFFFFFFFFu;  // no such id; an omitted optional input

// A dim as a file or a user wrote it: a number, a text, or nothing.
struct DeclaredDim {
  enum class Kind : std::uint8_t { kAbsent, kNumber, kText } kind = Kind::kAbsent;
  std::int64_t number = 0;
  std::string_view text;  // owned by the Graph
};

struct DeclaredType {
  DType dtype = DType::kUnknown;
  bool has_shape = false;
  std::vector<DeclaredDim> dims;
  std::uint8_t container = 0;  // static_cast<Container> of tensor_type.h
  DeclaredDim length;          // of a sequence
};

enum class ValueKind : std::uint8_t {
  kInput,   // the caller gives it
  kParam,   // an initializer: its bytes are in the file
  kResult,  // a node makes it; without a producer it is poisoned, and a fault tells why
};

struct Value {
  std::string_view name;
  ValueKind kind = ValueKind::kResult;
  BlockId block = 0;
  NodeId producer = kNone;         // of a kResult
  std::uint32_t output = 0;        // which output of the producer
  std::uint32_t declared = kNone;  // index into Graph::declared: what the file says of its type
  std::uint32_t constant = kNone;  // index into Graph::constants: of a kParam, always there
  bool requires_grad = false;      // of inputs and params: backward makes a gradient for it
  bool is_buffer = false;          // of a kParam: state that no optimizer sees
};

// An operator as named by a node: interned, so that each is looked up once.
struct OpName {
  std::string_view domain;  // "" is ai.onnx
  std::string_view name;
  std::int64_t version = 0;  // opset in force, 0 if the model imports none of this domain
};

struct Node {
  std::string_view name;        // may be empty
  std::string_view scope_text;  // what the exporter says of its module: scope_of tells the name
  std::uint32_t op = 0;         // index into Graph::op_names
  // Index into Graph::attr_sets; 0 is the empty set, equal small sets share one.
  std::uint32_t attrs = 0;
  std::uint32_t first_input = 0, num_inputs = 0;  // range of Graph::edges; kNone for an omitted one
  std::uint32_t first_output = 0, num_outputs = 0;  // likewise
  BlockId block = 0;
  std::uint32_t index = 0;        // position in the file, as users count: within its block
  std::int64_t byte_offset = -1;  // in the file
  std::uint32_t origin = kNone;   // index into Graph::origins: the line of source that made it
  bool grad_enabled = true;       // false where the model runs it without recording for backward
};

struct Block {
  std::vector<ValueId> inputs,
      outputs;                // params are no inputs, also where the file lists them as such
  std::vector<NodeId> nodes;  // in execution order
  NodeId owner = kNone;       // the node whose attribute holds this block
};

// Something wrong with the structure that did not stop the reading.
struct GraphFault {
  std::string code, message;
  Facts facts;
  NodeId node = kNone;
  bool is_error = true;
  std::string hint;
  bool is_note = false;
};

// What the importer found that the model demands of sizes: texts of expressions.
struct Demand {
  enum class Kind : std::uint8_t { kEqual, kAtMost, kDivides } kind = Kind::kEqual;
  std::string_view left, right;  // left == right, left <= right, right % left == 0
  NodeId node = 0;               // where
  bool is_branch = false;        // elsewhere the model takes another branch, and runs
};
// Bounds of a size that only a run knows: how many elements a mask selects.
struct SymbolRange {
  std::string_view name;
  std::int64_t lower = 0;
  std::optional<std::int64_t> upper;
};

struct Graph {
  KeptVector<Value> values;
  KeptVector<Node> nodes;
  std::vector<Block> blocks;  // never empty
  KeptVector<ValueId> edges;
  std::vector<OpName> op_names;
  std::vector<AttrSet> attr_sets;
  std::vector<DeclaredType> declared;
  KeptVector<TensorData> constants;
  std::vector<GraphFault> faults;
  std::vector<std::string_view> origins;  // "model.py:123"
  ValueId loss = kNone;                   // the scalar that backward starts from
  // By ValueId: the node after which the program drops its last name for the value, kNone if it
  // keeps it to the end. Empty if not known.
  std::vector<NodeId> released_after;
  std::vector<ValueId> held;  // what the model itself holds on to after the call, until the next
  std::vector<Demand> demands;
  std::vector<SymbolRange> symbol_ranges;
  std::vector<OpName> functions;  // that the file defines: every call of them is expanded

  std::string source;  // file name for messages, "" if built by hand
  std::string producer, graph_name;
  std::int64_t ir_version = 0;
  std::vector<std::pair<std::string, std::int64_t>> opsets;

  Graph();
  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;
  Graph snapshot() const;  // an independent copy; the texts, which never change, are shared

  std::span<const ValueId> inputs(const Node& n) const {
    return {edges.data() + n.first_input, n.num_inputs};
  }
  std::span<const ValueId> outputs(const Node& n) const {
    return {edges.data() + n.first_output, n.num_outputs};
  }
  const AttrSet& attrs(const Node& n) const { return attr_sets[n.attrs]; }
  const OpName& op(const Node& n) const { return op_names[n.op]; }

  // A copy that lives as long as the graph.
  std::string_view intern(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > text_left_) more_text_room(text.size());
    char* const copy = text_at_;
    std::memcpy(copy, text.data(), text.size());
    text_at_ += text.size();
    text_left_ -= text.size();
    return {copy, text.size()};
  }
  // Keeps texts of the graph alive that were not interned.
  void own_texts(std::shared_ptr<char[]> texts) { text_chunks_.push_back(std::move(texts)); }
  std::uint32_t op_name(std::string_view domain, std::string_view name, std::int64_t version);
  // A value of the main block, the first of its name. Indexed by the first call; safe from several
  // threads.
  std::optional<ValueId> find(std::string_view name) const;

 private:
  struct Index;
  void more_text_room(std::size_t least_bytes);

  std::vector<std::shared_ptr<char[]>> text_chunks_;
  char* text_at_ = nullptr;  // free room of the last chunk
  std::size_t text_left_ = 0, text_chunk_bytes_ = 0;
  std::unique_ptr<Index> index_;
};

std::string to_string(const DeclaredDim& dim);  // "3", "N", "?"
// "f32[N, 3, ?]", "f32[...]" of unknown rank, "seq(f32[N, 3], 2)".
std::string to_string(const DeclaredType& type);

// "node 214 'encoder.3.proj' (MatMul)": how messages name a node.
std::string describe(const Graph& g, NodeId node);
// The node's name, or "#214 MatMul" where it has none.
std::string display_name(const Graph& g, NodeId node);

// Puts the nodes of each block in an order that executes, stable where the file's order does. A
// cycle is a fault naming a node on it; the nodes on it keep file order at the end. Returns the
// number of nodes moved.
std::size_t order_topologically(Graph& g);

// Nearest spelling to `word`, if one is surely meant: at most two slips (a letter more, less, other
// or swapped; case is free), no other as near, and not a sibling that differs in its number alone
// (conv_1, conv_2); else "".
std::string nearest_word(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace shapewright
