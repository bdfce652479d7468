// PyTorch's operators as the machine runs them: what each allocates, keeps for backward and frees,
// written as ATen writes it, on symbolic tensors. A row of domain "aten" reads its arguments from
// an EagerCall and calls these; a composite operator is the composition that ATen runs.
//
// Gradients of an operator come in the alphabetical order of its arguments' names, as torchgen
// sorts them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "eager/autograd.h"
#include "ops/context.h"
#include "ops/op.h"

namespace shapewright {

// Backward of a function of the model's own: gradients of its inputs, of what it kept and those of
// its outputs.
using FunctionBody = std::function<eager::Tensors(const eager::Tensors& saved, eager::Tensors)>;

// One node of the graph, run by the machine.
class EagerCall {
 public:
  EagerCall(const Context& context, eager::Tensors inputs)
      : context_(context), in_(std::move(inputs)) {}

  std::size_t num_inputs() const { return in_.size(); }
  // Undefined for an omitted optional one.
  eager::Tensor in(std::size_t i) const { return i < in_.size() ? in_[i] : eager::Tensor(); }
  const eager::Tensors& inputs() const { return in_; }

  std::size_t num_outputs() const { return context_.num_outputs(); }
  const Shape& out_shape(std::size_t i = 0) const { return context_.output_type(i).shape; }
  DType out_dtype(std::size_t i = 0) const { return context_.output_type(i).dtype; }
  void out(eager::Tensor t) { outs_.push_back(std::move(t)); }
  void out(eager::Tensors ts) {
    for (eager::Tensor& t : ts) outs_.push_back(std::move(t));
  }
  eager::Tensors take_outputs() { return std::move(outs_); }

  const FunctionBody& body() const { return body_; }
  void set_body(FunctionBody body) { body_ = std::move(body); }
  // What the row says is a lower bound.
  void count_in_part() { is_in_part_ = true; }
  bool is_in_part() const { return is_in_part_; }

  std::string_view op() const { return context_.op_type(); }
  const Context& context() const { return context_; }
  std::int64_t int_of(std::string_view name, std::int64_t fallback) const;
  double real_of(std::string_view name, double fallback) const;  // of an int too
  bool flag(std::string_view name, bool fallback) const { return int_of(name, fallback) != 0; }
  std::string_view text_of(std::string_view name) const { return context_.attr_string(name, {}); }
  bool has(std::string_view name) const { return context_.has_attr(name); }
  std::vector<std::int64_t> ints_of(std::string_view name) const;  // also of a single int
  // A list of sizes or strides, numbers or expressions of symbols.
  Shape dims_of(std::string_view name) const;
  std::optional<DType> dtype_of(std::string_view name = "dtype") const;
  // An axis of a tensor of that rank, counted from its front.
  int axis_of(std::string_view name, std::int64_t fallback, int rank) const;

 private:
  const Context& context_;
  eager::Tensors in_, outs_;
  FunctionBody body_;
  bool is_in_part_ = false;
};

namespace aten {

using eager::Strides;
using eager::Tensor;
using eager::Tensors;

inline bool on_cuda() { return eager::Machine::current().on_cuda(); }

// --- types: what a result of several operands has, wrapped numbers counting least
DType result_type(const Tensors& operands);
DType float_of(DType d);  // of operators that make floats of integers
// An output beside elementwise operands: broadcast shape, axes in the order of the operands.
Tensor elementwise_out(const Tensors& operands, DType dtype);
Tensor elementwise_out(const Tensors& operands);

// What backward keeps of t where the gradient of `other` is its product with t.
inline Tensor if_needed(const Tensor& other, const Tensor& t) {
  return other.defined() && other.requires_grad() ? t : Tensor();
}

// --- views
Tensor view(const Tensor& t, const Shape& shape);  // no copy; the caller knows that it can be
Tensor reshape(const Tensor& t, const Shape& shape);
Tensor transpose(const Tensor& t, int a, int b);
Tensor permute(const Tensor& t, const std::vector<int>& axes);
Tensor expand(const Tensor& t, const Shape& shape);
Tensor unsqueeze(const Tensor& t, int axis);
Tensor squeeze(const Tensor& t, int axis);
Tensor narrow(const Tensor& t, int axis, Dim length);  // a slice; where it starts does not matter
Tensor select(const Tensor& t, int axis);
Tensors split(const Tensor& t, int axis, const std::vector<Dim>& lengths);
// Of parts of t: what did not get a gradient counts as zeros, and all are joined.
void record_split(std::string_view name, const Tensor& t, const Tensors& outs);
Tensor contiguous(const Tensor& t);
Tensor clone(const Tensor& t);
Tensor to(const Tensor& t, DType dtype);
// The first operand in the type that `dtype` asks for.
inline Tensor cast_first(const EagerCall& c) {
  const auto dtype = c.dtype_of();
  return dtype ? to(c.in(0), *dtype) : c.in(0);
}

// --- elementwise
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
Tensor scale(const Tensor& a);  // by a number: keeps nothing
// The elements that a mask chooses, in a row or in another shape; without autograd.
Tensor chosen(const Tensor& t, const Tensor& mask, const Shape& shape);
Tensor neg(const Tensor& a);
Tensor add_(const Tensor& a, const Tensor& b);
Tensor mul_(const Tensor& a, const Tensor& b);
Tensor cat(const Tensors& ts, int axis, const Shape& shape);

// A function of one tensor, elementwise: what its backward keeps and how many temporaries of that
// size it has at once, beside the gradient it makes.
enum class Keeps : std::uint8_t { kNothing, kSelf, kResult };
Tensor unary(std::string_view name, const Tensor& self, Keeps keeps, int temporaries);
Tensor unary_(std::string_view name, const Tensor& self, Keeps keeps, int temporaries);

// --- reductions
Tensor sum(const Tensor& t, const Shape& shape);  // dims gone or 1
Tensor mean(const Tensor& t, const Shape& shape);
Tensor norm(const Tensor& t, const Shape& shape);  // of 2

// --- products
Tensor mm(const Tensor& a, const Tensor& b);
Tensor bmm(const Tensor& a, const Tensor& b);
Tensor addmm(const Tensor& bias, const Tensor& a, const Tensor& b);
Tensor matmul(const Tensor& a, const Tensor& b);
Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias);
inline Tensor projected(const Tensor& t, const Tensor& weight) {
  return matmul(t, transpose(weight, 0, 1));
}
// What a product of matrices, or of batches of them, works in beside its result.
void product_work(const Tensor& left, const Tensor& right);

// --- others
Tensor softmax(const Tensor& t, std::optional<DType> dtype);
Tensor log_softmax(const Tensor& t, std::optional<DType> dtype);
Tensor dropout(const Tensor& t, double p, bool train);
// Over the last axes, so many.
Tensor layer_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, int normalized);

}  // namespace aten
}  // namespace shapewright
