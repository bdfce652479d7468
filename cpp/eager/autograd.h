// The graph that backward walks, and the walk: PyTorch's engine on symbolic tensors.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "eager/tensor.h"

namespace shapewright::eager {

struct Edge {
  std::shared_ptr<Node> node;  // null: no gradient is asked for
  std::uint32_t input = 0;
};

// Type of an input of a node's backward: of an output of its forward.
struct GradType {
  DType dtype = DType::kUnknown;
  Shape shape;
};

// Gradients of the inputs, given those of the outputs (undefined where none came). What it does not
// keep dies with it.
using Backward = std::function<Tensors(Node&, Tensors)>;

struct Node {
  std::string_view name;  // as torch names it, without "Backward0"
  std::uint64_t sequence = 0;
  NodeId origin = kNone;  // node of the graph in whose forward it was made
  std::vector<Edge> next;
  std::vector<GradType> outputs;
  Tensors saved;
  Backward backward;
  TensorBody* variable = nullptr;    // of a leaf: where the gradient goes
  std::shared_ptr<Segment> segment;  // that has to be run again for what it saved
  std::size_t place = 0;             // in the segment

  ~Node();
  bool needs(std::size_t input) const { return next[input].node != nullptr; }
};

bool any_needs_grad(std::initializer_list<Tensor> inputs);
bool any_needs_grad(const Tensors& inputs);

// Puts a node behind `outputs` if gradients are on and any of `inputs` asks for one. `saved` may
// name inputs, outputs and undefined tensors.
void record(std::string_view name, const Tensors& inputs, const Tensors& outputs, Tensors saved,
            Backward backward);

// Its storage is one that backward keeps.
void mark_saved(const Tensor& t);

// Makes a leaf that asks for a gradient.
void require_grad(const Tensor& leaf);

struct Root {
  Tensor tensor, grad;
};
// Gradients of everything that `root` depends on: into the `grad` of the leaves.
void run_backward(Root root);

// The gradient brought to the shape of what it is the gradient of, by summation where that was
// broadcast.
Tensor sum_to(const Tensor& grad, const Shape& shape);

}  // namespace shapewright::eager
