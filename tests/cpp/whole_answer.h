// Everything that can be asked of a model file, asked: types, findings, contract, causes, sizes at
// a binding, memory.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "graph_check.h"
#include "infer/bind.h"
#include "infer/infer.h"
#include "memory/formula.h"
#include "memory/layers.h"
#include "memory/peak.h"
#include "onnx/reader.h"

namespace shapewright::fuzz {

struct Answer {
  bool refused = false;
  std::size_t findings = 0, characters = 0;
  std::string wrong;  // what must not be: "" if nothing
};

inline std::string empty_parts(const Error& e) {
  return e.code.empty() || e.message.empty() ? "an error without a code or a message" : "";
}

// What an analysis says, in words; their number keeps the compiler from leaving them out.
inline std::size_t said(const Analysis& a) {
  std::size_t out = 0;
  const Graph& g = *a.graph;
  for (ValueId v = 0; v < g.values.size(); ++v) {
    out += to_string(a.type(v)).size();
    if (v < 64) out += describe_value(a, v).size();
    if (v % 7 == 0 && a.type(v).shape.rank() > 0)
      for (const Cause& cause : why(a, v, 0)) out += describe(a, cause).size();
  }
  for (const Finding& f : a.findings)
    for (const auto& [label, text] : f.facts) out += label.size() + text.size();
  for (const Constraint& c : a.contract) {
    out += to_string(c).size();
    if (a.contract.size() < 100)
      for (const std::string& name : imposed_by(a, c)) out += name.size();
  }
  return out;
}

// `turn` picks the options and the sizes of the symbols.
inline Answer whole_answer(std::span<const std::byte> bytes, std::uint64_t turn) {
  Answer answer;
  try {
    auto graph = std::make_shared<const Graph>(read_onnx(bytes, "fuzz.onnx"));
    if (const char* const wrong = inconsistency(*graph)) {
      answer.wrong = std::string("wrong ") + wrong;
      return answer;
    }
    InferOptions options;
    options.declared = static_cast<Declared>(turn % 4);
    options.strict = turn / 4 % 2 == 0;
    if (turn / 8 % 8 == 0) options.batch = "batch";
    const std::shared_ptr<Analysis> a = infer(graph, options);
    const ArenaScope scope(*a->arena);
    answer.findings = a->findings.size();
    answer.characters = said(*a);
    for (const Finding& f : a->findings)
      if (f.code.empty() || f.message.empty()) answer.wrong = "a finding without words";
    if (!a->ok()) return answer;
    const auto memory = build_memory(a);
    const LayerTable layers = make_layers(*memory);
    NamedSizes sizes;
    std::uint64_t size = turn;
    for (const std::string& name : memory->program->symbol_names()) {
      size = size * 6364136223846793005ULL + 1442695040888963407ULL;
      sizes.emplace_back(name, static_cast<std::int64_t>(size >> 33 & 7) + 1);
    }
    const BoundMemory bound(memory, sizes);
    answer.characters += bound.live_set().size() + bind_layers(layers, bound).size();
    for (ValueId v = 0; v < graph->values.size(); ++v)
      if (const auto dims = bound.shape(v)) answer.characters += dims->size();
  } catch (const Error& error) {
    answer.refused = true;
    answer.wrong = empty_parts(error);
  }
  return answer;
}

}  // namespace shapewright::fuzz
