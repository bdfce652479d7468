// Parameters, gradients and optimizer state divided among ranks, unit by unit.
//
//   stage 1   the state is divided                                   P + G + S/n
//   stage 2   gradients too, once the backward of their unit ends    P + (G + S)/n
//   stage 3   parameters too; a unit's are gathered while it runs, and the next one's beside them;
//             those of no unit from forward to the end of backward   (P + G + S)/n + gathered
//
// What is reduced is copied into one piece first. Stage 3 is FSDP2 with its defaults, the others
// are ZeRO's. DistributedDataParallel divides nothing and keeps such pieces throughout:
//
//   buckets beside the gradients    P + 2 G + S
//   gradients that lie in buckets   P + G + S, and G between steps too
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory/model.h"

namespace shapewright {

enum class Buckets : std::uint8_t { kNone, kBeside, kOfGradients };

struct Sharding {
  int stage = 0;
  Buckets buckets = Buckets::kNone;
  std::int64_t ranks = 1;
  std::vector<std::string> units;  // patterns of module paths: "model.layers.*"
  std::int64_t micro_batches = 0;  // of a pipeline (pipeline.h); 0: it is none
  std::int64_t rank = 0;           // of a pipeline
  bool is_pipeline() const { return micro_batches > 0; }
  bool is_asked() const { return stage > 0 || buckets != Buckets::kNone || is_pipeline(); }
};

// The units of a model: 0 is what belongs to none, the others in the order in which they run.
struct Units {
  std::vector<std::uint32_t> of_node;             // by NodeId
  std::vector<std::uint32_t> of_buffer;           // by BufferId: of a parameter or its gradient
  std::vector<std::vector<BufferId>> parameters;  // by unit: those that an optimizer may see
  std::size_t size() const { return parameters.size(); }
};

Units find_units(const Memory& memory, const Sharding& sharding);
// The same without a memory: modules that a pattern matches and that have a node.
std::size_t count_units(const Graph& g, const std::vector<std::string>& patterns);

// Gradients by bucket, as they come in backward: one is closed when it has 1 MiB, the next ones
// when they have 25 MiB, the defaults of PyTorch 2.13.
std::vector<std::vector<BufferId>> find_buckets(const Memory& memory);

}  // namespace shapewright
