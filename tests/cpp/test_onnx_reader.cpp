// What cannot be asked from Python: sharing, the name table, the wire format at its edges. Files as
// a whole are compared with `onnx` in tests/test_onnx_reader.py.
#include <filesystem>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "check.h"
#include "onnx/model.h"
#include "onnx/reader.h"

using namespace shapewright;

namespace {

using Bytes = std::string;

Bytes varint(std::uint64_t number) {
  Bytes out;
  for (; number > 0x7F; number >>= 7) out += static_cast<char>((number & 0x7F) | 0x80);
  return out + static_cast<char>(number);
}

Bytes field(std::uint32_t number, const Bytes& payload) {
  return varint(number << 3 | 2) + varint(payload.size()) + payload;
}
Bytes integer(std::uint32_t number, std::uint64_t value) {
  return varint(number << 3) + varint(value);
}

Bytes node(const Bytes& op, const Bytes& input, const Bytes& output, const Bytes& rest = {}) {
  return field(1, field(1, input) + field(2, output) + field(4, op) + rest);
}

Bytes model(const Bytes& graph, const Bytes& rest = {}) {
  return integer(1, 10) + field(7, graph) + field(8, integer(2, 20)) + rest;
}

Graph read(const Bytes& bytes) {
  return read_onnx(std::as_bytes(std::span(bytes.data(), bytes.size())), "test.onnx");
}

std::string code_of(const Bytes& bytes) {
  try {
    read(bytes);
  } catch (const Error& e) {
    return e.code;
  }
  return "none";
}

void test_attribute_sets_are_shared() {
  const Bytes axis = field(5, field(1, "axis") + integer(3, 1) + integer(20, 2));
  const Bytes other = field(5, field(1, "axis") + integer(3, 2) + integer(20, 2));
  const Bytes graph = field(5, field(1, "body") + field(6, "") + integer(20, 5));
  const Graph g =
      read(model(field(11, field(1, "x")) + node("A", "x", "a", axis) + node("B", "x", "b", axis) +
                 node("C", "x", "c", other) + node("D", "x", "d", graph) +
                 node("E", "x", "e", graph) + node("F", "x", "f")));
  CHECK_EQ(g.faults.size(), 0u);
  CHECK_EQ(g.nodes[0].attrs, g.nodes[1].attrs);
  CHECK(g.nodes[0].attrs != g.nodes[2].attrs);
  CHECK(g.nodes[3].attrs != g.nodes[4].attrs);  // bodies are never shared
  CHECK_EQ(g.nodes[5].attrs, 0u);
  CHECK_EQ(g.blocks.size(), 3u);
  CHECK_EQ(g.blocks[2].owner, 4u);
}

void test_texts_outlive_the_bytes() {
  Bytes bytes = model(field(11, field(1, "input_with_a_long_name")) +
                      node("Operator", "input_with_a_long_name", "output_with_a_long_name"));
  const Graph g = read(bytes);
  bytes.assign(bytes.size(), '!');
  CHECK_EQ(g.values[1].name, "output_with_a_long_name");
  CHECK_EQ(g.op_names[0].name, "Operator");
  CHECK(g.find("input_with_a_long_name") == ValueId{0});
}

void test_unknown_fields_are_skipped() {
  const Bytes strange = integer(15, 7) + field(99, "later") +
                        Bytes(
                            "\x81\x01"
                            "12345678",
                            10) +
                        Bytes(
                            "\x8D\x01"
                            "1234",
                            6);
  const Bytes wrong_type = integer(4, 7);  // op_type as a number
  const Graph g = read(model(
      strange + field(11, field(1, "x") + strange) + node("Relu", "x", "y", strange + wrong_type),
      strange));
  CHECK_EQ(g.nodes.size(), 1u);
  CHECK_EQ(g.op(g.nodes[0]).name, "Relu");
}

void test_wire_edges() {
  const Bytes good = model(node("Relu", "x", "y"));
  CHECK_EQ(code_of(good), "none");
  CHECK_EQ(code_of(good + Bytes("\x07", 1)), "onnx-malformed");   // field number 0
  CHECK_EQ(code_of(good + Bytes("\x0B", 1)), "onnx-malformed");   // a group
  CHECK_EQ(code_of(good + Bytes(11, '\xFF')), "onnx-malformed");  // an endless varint
  CHECK_EQ(code_of(good + Bytes("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11)),
           "onnx-truncated");
  CHECK_EQ(code_of(good + Bytes("\x08", 1)), "onnx-truncated");
  CHECK_EQ(code_of(good + Bytes("\x09"
                                "123",
                                4)),
           "onnx-truncated");
  CHECK_EQ(code_of(good + Bytes("\x88", 1)), "onnx-truncated");
  CHECK_EQ(code_of(good + good), "onnx-malformed");  // two graphs
  CHECK_EQ(code_of(integer(1, 10)), "onnx-no-graph");
  CHECK_EQ(code_of(field(2, "pytorch")), "not-onnx");
  CHECK_EQ(code_of(""), "not-onnx");
  CHECK_EQ(code_of(model(field(1, Bytes("\x0A\x20"
                                        "short",
                                        7)))),
           "onnx-malformed");
}

void test_lengths_of_all_sizes() {
  for (std::size_t length : {1u, 127u, 128u, 16383u, 16384u, 65536u}) {
    const Bytes name(length, 'n');
    const Graph g = read(model(node("Relu", "x", "y", field(3, name))));
    CHECK_EQ(g.nodes[0].name.size(), length);
  }
}

void test_name_table() {
  std::mt19937_64 random(7);
  std::vector<std::string> names;
  for (int i = 0; i < 5000; ++i) {
    std::string name(random() % 40, '\0');
    for (char& c : name) c = static_cast<char>('a' + random() % 3);
    names.push_back(name);
  }
  onnx::NameTable table;
  std::unordered_map<std::string, std::uint32_t> truth;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    onnx::NameTable::Entry& entry = table.add(names[i]);
    const auto [known, added] = truth.try_emplace(names[i], i);
    CHECK_EQ(entry.id == onnx::NameTable::kUnset, added);
    if (added) entry.id = i;
  }
  for (const auto& [name, id] : truth) CHECK_EQ(table.find(name)->id, id);
  CHECK(table.find("not there") == nullptr);
  std::size_t visited = 0;
  table.for_each([&](const onnx::NameTable::Entry&) { ++visited; });
  CHECK_EQ(visited, truth.size());
}

void test_utf8() {
  CHECK_EQ(valid_utf8("plain"), "plain");
  CHECK_EQ(valid_utf8("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
           "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  for (const char* bad : {"\xFF", "\xC0", "\xED", "\xF4", "\x80"}) {
    CHECK_EQ(valid_utf8(bad), "\xEF\xBF\xBD");
  }
  CHECK_EQ(valid_utf8("\xC3"), "\xEF\xBF\xBD");          // cut off
  CHECK_EQ(valid_utf8("\xC0\x80").size(), 6u);           // overlong
  CHECK_EQ(valid_utf8("\xED\xA0\x80").size(), 9u);       // a surrogate
  CHECK_EQ(valid_utf8("\xF4\x90\x80\x80").size(), 12u);  // past U+10FFFF
}

void test_examples() {
  for (const auto& entry : std::filesystem::directory_iterator("examples")) {
    if (entry.path().extension() != ".onnx") continue;
    const Graph g = read_onnx_file(entry.path().string());
    CHECK(g.faults.empty());
    CHECK(!g.nodes.empty());
    CHECK(!g.blocks[0].inputs.empty() && !g.blocks[0].outputs.empty());
  }
}

}  // namespace

int main() {
  test_attribute_sets_are_shared();
  test_texts_outlive_the_bytes();
  test_unknown_fields_are_skipped();
  test_wire_edges();
  test_lengths_of_all_sizes();
  test_name_table();
  test_utf8();
  if (std::filesystem::is_directory("examples")) test_examples();
  return check::report();
}
