#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "check.h"
#include "graph/builder.h"
#include "graph/graph.h"
#include "graph/tensor_type.h"

using namespace shapewright;

namespace {

void test_dtypes() {
  for (const DTypeInfo& row : all_dtypes()) {
    CHECK(dtype_from_name(row.name) == row.dtype);
    CHECK(dtype_from_onnx(row.onnx_code) == row.dtype);
    CHECK(row.bits > 0);
  }
  CHECK(dtype_from_name("float32") == DType::kF32);
  CHECK(dtype_from_name("int64") == DType::kI64);
  CHECK(dtype_from_name("bool") == DType::kBool);
  CHECK(!dtype_from_name("f23"));
  CHECK(dtype_from_onnx(99) == DType::kUnknown);
  CHECK(dtype_from_onnx(0) == DType::kUnknown);
  CHECK(is_float(DType::kBF16) && !is_float(DType::kI8));
  CHECK(is_integer(DType::kU4) && !is_integer(DType::kBool));
}

TensorData data(DType dtype, std::vector<std::int64_t> dims, std::vector<int> bytes) {
  TensorData t;
  t.dtype = dtype;
  t.dims = std::move(dims);
  t.has_data = true;
  for (int b : bytes) t.bytes.push_back(static_cast<std::byte>(b));
  return t;
}

void test_elements() {
  using Ints = std::vector<std::int64_t>;
  using Reals = std::vector<double>;
  CHECK(data(DType::kI16, {2}, {0xFE, 0xFF, 1, 0}).ints() == (Ints{-2, 1}));
  CHECK(data(DType::kU16, {1}, {0xFE, 0xFF}).ints() == (Ints{65534}));
  CHECK(data(DType::kI4, {3}, {0xE1, 0x07}).ints() == (Ints{1, -2, 7}));
  CHECK(data(DType::kU4, {3}, {0xE1, 0x07}).ints() == (Ints{1, 14, 7}));
  CHECK(data(DType::kI2, {4}, {0b11'10'01'00}).ints() == (Ints{0, 1, -2, -1}));
  CHECK(data(DType::kBool, {2}, {2, 0}).ints() == (Ints{1, 0}));
  CHECK(data(DType::kI64, {}, {5, 0, 0, 0, 0, 0, 0, 0}).ints() == (Ints{5}));
  CHECK(data(DType::kI64, {0}, {}).ints().empty());
  CHECK(data(DType::kF32, {1}, {0, 0, 0xC0, 0x3F}).ints().empty());
  CHECK(data(DType::kF32, {1}, {0, 0, 0xC0, 0x3F}).reals() == (Reals{1.5}));
  CHECK(data(DType::kF16, {3}, {0, 0x3E, 0, 0xFC, 1, 0}).reals()[0] == 1.5);
  CHECK(data(DType::kF16, {3}, {0, 0x3E, 0, 0xFC, 1, 0}).reals()[1] < -1e300);
  CHECK(data(DType::kF16, {3}, {0, 0x3E, 0, 0xFC, 1, 0}).reals()[2] == 0x1p-24);
  CHECK(data(DType::kBF16, {1}, {0xC0, 0x3F}).reals() == (Reals{1.5}));
  CHECK(data(DType::kF8E4M3, {2}, {0x7E, 0xC0}).reals() == (Reals{448, -2}));
  CHECK(data(DType::kF8E5M2, {1}, {0x7B}).reals() == (Reals{57344}));
  CHECK(data(DType::kF8E4M3FNUZ, {1}, {0x7F}).reals() == (Reals{240}));
  CHECK(data(DType::kF8E8M0, {2}, {127, 130}).reals() == (Reals{1, 8}));
  CHECK(data(DType::kF4E2M1, {3}, {0xF1, 0x07}).reals() == (Reals{0.5, -6, 6}));
}

void test_packed_bytes() {
  const std::vector<std::int64_t> dims{3, 5}, empty{0, 1LL << 62, 1LL << 62},
      huge{1LL << 40, 1LL << 40};
  CHECK_EQ(packed_bytes(DType::kF32, dims).value_or(-1), 60);
  CHECK_EQ(packed_bytes(DType::kI4, dims).value_or(-1), 8);
  CHECK_EQ(packed_bytes(DType::kU2, dims).value_or(-1), 4);
  CHECK_EQ(packed_bytes(DType::kF32, empty).value_or(-1), 0);
  CHECK(!packed_bytes(DType::kU2, huge));
  CHECK(!packed_bytes(DType::kF32, std::vector<std::int64_t>{1LL << 61}));
  CHECK(!packed_bytes(DType::kString, dims));
}

void test_shapes() {
  Arena arena;
  const ArenaScope scope(arena);
  const Dim n = arena.symbol("N");
  Shape s{n, 3};
  for (int i = 0; i < 8; ++i) s.push_back(i);
  CHECK_EQ(s.rank(), 10);
  s.insert(0, 7);
  CHECK(s[0] == Dim(7) && s[1] == n && s[10] == Dim(7));
  for (int i = 0; i < 8; ++i) s.erase(s.rank() - 1);
  CHECK(s == (Shape{7, n, 3}));
  s.insert(1, 5);
  s.erase(0);
  CHECK(s == (Shape{5, n, 3}));
  CHECK_EQ(to_string(s), "[5, N, 3]");
  CHECK_EQ(to_string(Shape()), "[]");
  CHECK_EQ(to_string(Shape{arena.fresh("", SymbolKind::kUnknown, {0, kPlusInf}), 2}), "[?, 2]");
  CHECK_EQ(to_string(TensorType{DType::kF32, Shape::unknown_rank()}), "f32[...]");
  CHECK_EQ(to_string(TensorType{DType::kI64, Shape{n}, Container::kSequence, n}), "seq(i64[N], N)");
  const Dim any = arena.fresh("", SymbolKind::kDataDependent, {0, kPlusInf});
  CHECK_EQ(to_string(TensorType{DType::kI64, Shape{n}, Container::kSequence, any}), "seq(i64[N])");
  CHECK(num_elements(s) == n * 15);
  CHECK(num_elements(Shape()) == Dim(1));
  CHECK(num_bytes({DType::kF16, s}) == n * 30);
  CHECK(num_bytes({DType::kI4, Shape{3, 5}}) == Dim(8));
  CHECK(num_bytes({DType::kI4, Shape{n}}) == ceildiv(n, 2));
  Shape long_shape = Shape::of_rank(9, 4), copy = long_shape;
  copy[8] = 5;
  CHECK(long_shape[8] == Dim(4) && !(copy == long_shape));
}

void test_declared_types() {
  Graph g;
  const auto text = [&](std::string_view t) { return to_string(parse_declared_type(g, t)); };
  CHECK_EQ(text("f32[N,3,H,W]"), "f32[N, 3, H, W]");
  CHECK_EQ(text("i64[]"), "i64[]");
  CHECK_EQ(text("f32"), "f32[...]");
  CHECK_EQ(text("f32[...]"), "f32[...]");
  CHECK_EQ(text(" float32 [ N , ? ] "), "f32[N, ?]");
  CHECK_EQ(text("u8[max(N, 3), 2*3]"), "u8[max(N, 3), 6]");
  const auto code = [&](std::string_view t) {
    try {
      parse_declared_type(g, t);
    } catch (const Error& e) {
      return e.code + (e.hint.empty() ? "" : ": " + e.hint);
    }
    return std::string("none");
  };
  CHECK_EQ(code("f23[N]"), "dtype-unknown: did you mean f32?");
  CHECK_EQ(code("float23[N]").substr(0, 13), "dtype-unknown");
  CHECK_EQ(code(""), "type-syntax");
  CHECK_EQ(code("[N]"), "type-syntax");
  CHECK_EQ(code("f32[N"), "type-syntax");
  CHECK_EQ(code("f32[N,]"), "type-syntax");
  CHECK_EQ(code("f32[N] x"), "type-syntax");
  CHECK_EQ(code("f32[[N]]"), "type-syntax");
  CHECK_EQ(code("f32[-1]"), "negative-dim");
  CHECK_EQ(code("f32[2-3]"), "negative-dim");
  CHECK_EQ(code("f32[99999999999999999999]"), "dim-overflow");
  CHECK_EQ(code("f32[N+]").substr(0, 10), "dim-syntax");
  std::string many = "f32[1";
  for (int i = 0; i < 64; ++i) many += ",1";
  CHECK_EQ(code(many + "]"), "rank-limit");
}

void test_nearest_word() {
  const std::vector<std::string_view> words{"attention_mask", "input_ids", "conv_1", "MatMul", "x"};
  CHECK_EQ(nearest_word("input_id", words), "input_ids");
  CHECK_EQ(nearest_word("inptu_ids", words), "input_ids");
  CHECK_EQ(nearest_word("matmul", words), "MatMul");
  CHECK_EQ(nearest_word("atention_msk", words), "attention_mask");
  CHECK_EQ(nearest_word("conv_2", words), "");  // a sibling, not a slip
  CHECK_EQ(nearest_word("y", words), "");       // too short to be sure
  CHECK_EQ(nearest_word("token_type_ids", words), "");
  const std::vector<std::string_view> twins{"key_a", "key_b"};
  CHECK_EQ(nearest_word("key_c", twins), "");
  CHECK_EQ(nearest_word("anything", {}), "");
}

void test_builder() {
  GraphBuilder b(17);
  Graph& g = b.graph();
  const ValueId x = b.input("x", parse_declared_type(g, "f32[N,3,H,W]"));
  const ValueId w = b.param("w", parse_declared_type(g, "f32[64,3,7,7]"));
  Attr strides;
  strides.name = "strides";
  strides.kind = AttrKind::kInts;
  strides.ints = {2, 2};
  const std::vector<ValueId> operands{x, w, kNone};
  const NodeId conv = b.add("Conv", operands, {strides}, "stem");
  const ValueId y = g.outputs(g.nodes[conv])[0];
  const NodeId split = b.add("Split", std::vector{y}, {}, "", 2);
  b.output(g.outputs(g.nodes[split])[1]);

  CHECK_EQ(g.op(g.nodes[conv]).version, 17);
  CHECK_EQ(g.values[y].name, "stem");
  CHECK(g.find("stem") == y && !g.find("stern"));
  CHECK_EQ(describe(g, conv), "node 0 'stem' (Conv)");
  CHECK_EQ(display_name(g, split), "#1 Split");
  CHECK_EQ(find_attr(g.attrs(g.nodes[conv]), "strides")->ints[1], 2);
  CHECK(find_attr(g.attrs(g.nodes[conv]), "pads") == nullptr);
  CHECK(g.inputs(g.nodes[conv])[2] == kNone);
  CHECK_EQ(order_topologically(g), 0u);

  CHECK_THROWS(b.input("x", {}), Error, error.code == "value-redefined");
  CHECK_THROWS(b.param("p", parse_declared_type(g, "f32[N]")), Error,
               error.code == "param-not-static");
  CHECK_THROWS(b.param("p", parse_declared_type(g, "f32")), Error,
               error.code == "param-not-static");
  CHECK_THROWS(b.constant("c", data(DType::kI64, {2}, {1})), Error,
               error.code == "constant-data-size");
  CHECK_THROWS(b.add("Relu", std::vector<ValueId>{99}, {}, ""), Error,
               error.code == "value-undefined");
  CHECK_THROWS(b.end_block(), Error, error.code == "block-unbalanced");
  Attr body;
  body.name = "body";
  body.kind = AttrKind::kGraph;
  CHECK_THROWS(b.add("Loop", {}, {body}, ""), Error, error.code == "block-undefined");

  const Graph copy = g.snapshot();
  const ValueId later = g.outputs(g.nodes[b.add("Relu", std::vector{y}, {}, "later")])[0];
  CHECK(g.find("later") == later && !copy.find("later"));
  CHECK_EQ(copy.values[y].name, "stem");
}

void test_builder_blocks() {
  GraphBuilder b;
  Graph& g = b.graph();
  const ValueId x = b.input("x", parse_declared_type(g, "f32[N]"));
  const BlockId block = b.begin_block();
  const ValueId inner = g.outputs(g.nodes[b.add("Relu", std::vector{x}, {}, "inner")])[0];
  b.output(inner);
  b.end_block();
  Attr branch;
  branch.name = "then_branch";
  branch.kind = AttrKind::kGraph;
  branch.blocks = {block};
  const NodeId node = b.add("If", std::vector{x}, {branch}, "if");
  CHECK(g.blocks[block].owner == node && g.blocks[block].outputs[0] == inner);
  CHECK(g.values[inner].block == block && !g.find("inner"));
  CHECK_EQ(g.blocks[0].nodes.size(), 1u);
}

// Nodes named by one letter; "b:a" reads a and makes b. Returns the order they are put in.
std::string order_of(const std::vector<std::string>& nodes, std::size_t* moved = nullptr,
                     std::string* cycle = nullptr) {
  Graph g;
  std::vector<ValueId> ids(128, kNone);
  const auto value = [&](char name) {
    ValueId& id = ids[static_cast<std::size_t>(name)];
    if (id == kNone) {
      id = static_cast<ValueId>(g.values.size());
      g.values.push_back({.name = g.intern({&name, 1})});
    }
    return id;
  };
  for (const std::string& text : nodes) {
    Node node;
    node.name = g.intern(text.substr(0, 1));
    node.op = g.op_name("", "Op", 1);
    node.index = static_cast<std::uint32_t>(g.nodes.size());
    node.first_input = static_cast<std::uint32_t>(g.edges.size());
    for (char c : text.substr(2)) g.edges.push_back(value(c));
    node.num_inputs = static_cast<std::uint32_t>(text.size() - 2);
    node.first_output = static_cast<std::uint32_t>(g.edges.size());
    node.num_outputs = 1;
    g.edges.push_back(value(text[0]));
    g.values[value(text[0])].producer = static_cast<NodeId>(g.nodes.size());
    g.blocks[0].nodes.push_back(static_cast<NodeId>(g.nodes.size()));
    g.nodes.push_back(node);
  }
  const std::size_t count = order_topologically(g);
  if (moved != nullptr) *moved = count;
  if (cycle != nullptr && !g.faults.empty()) *cycle = g.faults[0].facts[0].second;
  std::string order;
  for (NodeId n : g.blocks[0].nodes) order += g.nodes[n].name;
  return order;
}

void test_order() {
  std::size_t moved = 0;
  std::string cycle;
  CHECK_EQ(order_of({"a:x", "b:a", "c:b"}, &moved), "abc");
  CHECK_EQ(moved, 0u);
  CHECK_EQ(order_of({"c:b", "a:x", "b:a", "d:x"}, &moved), "abcd");
  CHECK_EQ(moved, 1u);
  CHECK_EQ(order_of({"d:ac", "c:b", "b:a", "a:x"}, &moved), "abcd");
  CHECK_EQ(order_of({"b:a", "c:x", "a:x"}), "cab");
  CHECK_EQ(order_of({"a:x", "b:ad", "c:b", "d:c", "e:a", "f:d"}, &moved, &cycle), "aebcdf");
  CHECK_EQ(cycle, "b -> c -> d -> b");
  CHECK_EQ(order_of({"a:a"}, &moved, &cycle), "a");
  CHECK_EQ(cycle, "a -> a");
}

void test_text() {
  Graph g;
  CHECK_EQ(g.intern("").size(), 0u);
  const std::string large(3 << 20, 'x');
  std::vector<std::string_view> kept;
  for (int i = 0; i < 10'000; ++i) kept.push_back(g.intern(std::to_string(i)));
  CHECK(g.intern(large) == large);
  kept.push_back(g.intern("after"));
  const Graph moved = std::move(g);
  for (int i = 0; i < 10'000; ++i) {
    if (kept[static_cast<std::size_t>(i)] != std::to_string(i)) CHECK(false);
  }
  CHECK_EQ(kept.back(), "after");
  Graph ops;
  CHECK_EQ(ops.op_name("", "Relu", 7), ops.op_name("", "Relu", 7));
  CHECK(ops.op_name("", "Relu", 7) != ops.op_name("", "Relu", 8));
  CHECK(ops.op_name("a", "b", 1) != ops.op_name("", "ab", 1));
}

}  // namespace

int main() {
  test_dtypes();
  test_elements();
  test_packed_bytes();
  test_shapes();
  test_declared_types();
  test_nearest_word();
  test_builder();
  test_builder_blocks();
  test_order();
  test_text();
  return check::report();
}
