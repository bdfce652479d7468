#include "eager/autograd.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

#include "eager/segment.h"

namespace shapewright::eager {

namespace {

constexpr std::uint64_t kLeafSequence = ~std::uint64_t{0};  // leaves run as soon as they can

Edge edge_to(const Tensor& t) {
  if (!t.has_gradient()) return {};
  return {t->grad_fn, t->output_nr};
}

struct Later {
  bool operator()(const std::shared_ptr<Node>& a, const std::shared_ptr<Node>& b) const {
    return a->sequence < b->sequence;
  }
};

// One run of backward: nodes are run in the reverse order of their making, once all their gradients
// have come.
class Run {
 public:
  explicit Run(Root root) : machine_(Machine::current()) {
    std::shared_ptr<Node> first = root.tensor->grad_fn;
    count_dependencies(first.get());
    buffers_[first.get()].resize(std::max<std::size_t>(1, first->outputs.size()));
    buffers_[first.get()][root.tensor->output_nr] = std::move(root.grad);
    root.tensor = {};
    ready_.push(std::move(first));
  }

  void run() {
    while (!ready_.empty()) {
      std::shared_ptr<Node> n = ready_.top();
      ready_.pop();
      run_node(*n);
      machine_.bury(std::move(n));
    }
  }

 private:
  void count_dependencies(Node* first) {
    std::vector<Node*> open = {first};
    dependencies_[first] = 0;
    while (!open.empty()) {
      Node* n = open.back();
      open.pop_back();
      for (const Edge& e : n->next) {
        if (!e.node) continue;
        const auto [at, is_new] = dependencies_.try_emplace(e.node.get(), 0);
        ++at->second;
        if (is_new) open.push_back(e.node.get());
      }
    }
  }

  void run_node(Node& n) {
    const Setting in_name(machine_.node, n.origin);
    Tensors grads = std::move(buffers_[&n]);
    buffers_.erase(&n);
    if (n.variable != nullptr) return accumulate(*n.variable, std::move(grads[0]));
    Tensors out;
    const bool any =
        std::any_of(grads.begin(), grads.end(), [](const Tensor& g) { return g.defined(); });
    if (n.segment) fetch_saved(n);
    const Setting flows(machine_.keeper, Keeper::kGradient);
    if (any && n.backward) out = n.backward(n, grads);
    if (n.segment) {  // nothing else holds what was made again
      const Setting was_saved(machine_.keeper, Keeper::kSaved);
      n.saved.clear();
    }
    out.resize(n.next.size());
    // By the operator's schema, self before other: alphabetically it is the other way round.
    for (std::size_t i = n.next.size(); i-- > 0;) {
      const Edge& e = n.next[i];
      if (!e.node) {
        out[i] = {};
      } else if (out[i].defined()) {
        out[i] = validated(std::move(out[i]), *e.node, e.input);
      }
    }
    grads.clear();
    {
      const Setting was_saved(machine_.keeper, Keeper::kSaved);
      n.saved.clear();
      n.backward = nullptr;
      n.segment = nullptr;
    }
    for (std::size_t i = 0; i < n.next.size(); ++i) pass(n.next[i], std::move(out[i]));
    std::vector<Edge> next = std::move(n.next);
    n.next.clear();
    for (Edge& e : next)
      if (e.node) machine_.bury(std::move(e.node));
  }

  // Runs the segment of the node again, if that has not been done, and takes what the node saved.
  void fetch_saved(Node& n) {
    Segment& segment = *n.segment;
    if (!segment.is_run_again) {
      const Setting records(machine_.grad_enabled, true);
      const Setting running(machine_.segment, n.segment);
      segment.is_running_again = true;
      segment.run();
      segment.is_running_again = false;
      segment.is_run_again = true;
    }
    if (n.place < segment.saved.size()) n.saved = std::move(segment.saved[n.place]);
  }

  // As the engine does between nodes: the gradient gets the shape and type of what it belongs to.
  static Tensor validated(Tensor grad, const Node& to, std::uint32_t input) {
    const GradType* want = nullptr;
    GradType leaf;
    if (to.variable != nullptr) {
      leaf = {to.variable->dtype, to.variable->shape};
      want = &leaf;
    } else {
      want = &to.outputs[input];
    }
    if (!(grad.shape() == want->shape)) grad = sum_to(grad, want->shape);
    if (grad.dtype() != want->dtype) grad = empty_like(grad, want->dtype);
    return grad;
  }

  void pass(const Edge& e, Tensor grad) {
    if (!e.node) return;
    Tensors& buffer = buffers_[e.node.get()];
    buffer.resize(std::max<std::size_t>(1, e.node->outputs.size()));
    if (grad.defined()) {
      Tensor& old = buffer[e.input];
      if (!old.defined()) {
        old = std::move(grad);
      } else {
        const bool in_place = old.use_count() == 1 && old.is_dense() &&
                              machine_.storages[old->storage].num_tensors == 1;
        // Out of place, the sum lies as its first operand.
        if (!in_place) old = empty_like(old);
      }
    }
    if (--dependencies_[e.node.get()] == 0) ready_.push(e.node);
  }

  void accumulate(TensorBody& leaf, Tensor grad) {
    if (!grad.defined()) return;
    const Setting flows(machine_.keeper, Keeper::kGradient);
    if (leaf.grad) return;  // added in place
    const bool obeys =
        is_dense(leaf.shape, leaf.strides) ? has_strides(grad, leaf.strides) : grad.is_contiguous();
    if (grad.use_count() > 1 || !obeys) grad = empty_strided(leaf.shape, leaf.strides, leaf.dtype);
    leaf.grad = grad.body();
    Storage& s = machine_.storages[grad->storage];
    s.role = Role::kGradient;
    s.value = machine_.storages[leaf.storage].value;
  }

  static bool has_strides(const Tensor& t, const Strides& strides) {
    for (int i = 0; i < t.dim(); ++i)
      if (t.shape()[i] != Dim(1) && t->strides[i] != strides[i]) return false;
    return true;
  }

  Machine& machine_;
  std::unordered_map<const Node*, Tensors> buffers_;  // gradients that have come
  std::unordered_map<const Node*, int> dependencies_;
  std::priority_queue<std::shared_ptr<Node>, std::vector<std::shared_ptr<Node>>, Later> ready_;
};

}  // namespace

Node::~Node() {
  Machine& m = Machine::current();
  const Setting was_saved(m.keeper, Keeper::kSaved);
  const Setting in_name(m.node, origin);
  saved.clear();
  backward = nullptr;
  for (Edge& e : next)
    if (e.node) m.bury(std::move(e.node));
}

bool any_needs_grad(const Tensors& inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const Tensor& t) { return t.defined() && t.has_gradient(); });
}
bool any_needs_grad(std::initializer_list<Tensor> inputs) {
  return any_needs_grad(Tensors(inputs));
}

namespace {

// Whether an operator made the tensor beside its result: it is there only once the operator has
// run.
bool is_made_with(const Tensor& t, const Tensor& result, const Tensors& inputs) {
  const auto shares = [&](const Tensor& in) { return in.defined() && in->storage == t->storage; };
  return result.defined() && t->storage > result->storage &&
         std::none_of(inputs.begin(), inputs.end(), shares);
}

// What writes into a view writes into its base (CopySlices): the base's gradient is copied, that of
// the view taken out of it, worked on, and put back.
Backward on_slice(Backward backward, const TensorBody& view, std::size_t self) {
  return [backward = std::move(backward), self, base_shape = view.base->shape,
          base_strides = view.base->strides, shape = view.shape,
          strides = view.strides](Node& n, const Tensors& g) {
    const Tensor whole = empty_strided(base_shape, base_strides, g[0].dtype());
    const Tensor slice = alias(whole, shape, strides);
    Tensors grads = backward(n, {empty(shape, g[0].dtype())});
    if (self < grads.size()) grads[self] = n.needs(self) ? whole : Tensor();
    return grads;
  };
}

// From then on the view is one of a base with history: its gradient lies in zeros of that.
void see_anew(const Tensor& view) {
  record("AsStrided", {Tensor(view->base)}, {view}, {},
         [shape = view->base->shape](Node&, const Tensors& g) {
           return Tensors{empty(shape, g[0].dtype())};
         });
}

// Which of the inputs is written over: the only output, a view; none otherwise.
std::size_t written_view(const Tensors& inputs, const Tensors& outputs) {
  if (outputs.size() == 1 && outputs[0].defined() && outputs[0]->is_view && outputs[0]->base)
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i].defined() && inputs[i].is(outputs[0])) return i;
  return inputs.size();
}

}  // namespace

void mark_saved(const Tensor& t) {
  Machine& m = Machine::current();
  Storage& s = m.storages[t->storage];
  if (!s.is_saved) s.saved_by = m.node;
  s.is_saved = true;
}

void record(std::string_view name, const Tensors& inputs, const Tensors& outputs, Tensors saved,
            Backward backward) {
  Machine& m = Machine::current();
  if (!m.grad_enabled || !any_needs_grad(inputs)) return;
  auto node = std::make_shared<Node>();
  node->name = name;
  node->sequence = m.next_sequence++;
  node->origin = m.node;
  for (const Tensor& t : inputs) node->next.push_back(t.defined() ? edge_to(t) : Edge{});
  const std::size_t written = written_view(inputs, outputs);
  const bool is_into_view = written < inputs.size();
  const Tensor behind = is_into_view ? Tensor(outputs[0]->base) : Tensor();
  if (is_into_view) {
    node->next[written] = edge_to(behind);
    backward = on_slice(std::move(backward), *outputs[0], written);
  }
  bool saves_output = false;
  for (Tensor& t : saved) {
    if (!t.defined()) continue;
    saves_output = saves_output || is_made_with(t, outputs[0], inputs);
    for (const Tensor& out : outputs)
      if (t.is(out)) {
        t = detach(t);  // the node must not own the tensor that owns it
        saves_output = true;
        break;
      }
    if (!m.segment) mark_saved(t);
  }
  const bool saves =
      std::any_of(saved.begin(), saved.end(), [](const Tensor& t) { return t.defined(); });
  Segment* const segment = m.segment.get();
  if (segment == nullptr) {
    node->saved = std::move(saved);
  } else if (!segment->is_running_again) {
    node->segment = m.segment;
    node->place = segment->num_nodes++;
    if (saves) {
      segment->num_saving = segment->num_nodes;
      segment->last_saves_output = saves_output;
    }
  } else {
    segment->saved.push_back(std::move(saved));
  }
  node->backward = std::move(backward);
  for (std::uint32_t i = 0; i < outputs.size(); ++i) {
    const Tensor& out = is_into_view ? behind : outputs[i];
    node->outputs.push_back(out.defined() ? GradType{out.dtype(), out.shape()} : GradType{});
    if (!out.defined()) continue;
    if (out->grad_fn) m.bury(std::move(out->grad_fn));
    out->grad_fn = node;
    out->output_nr = i;
  }
  if (segment != nullptr && segment->is_running_again &&
      segment->saved.size() == segment->num_saving)
    throw SegmentDone{};
  if (is_into_view) see_anew(outputs[0]);
}

void require_grad(const Tensor& leaf) {
  auto node = std::make_shared<Node>();
  node->name = "AccumulateGrad";
  node->sequence = kLeafSequence;
  node->variable = &*leaf;
  leaf->is_leaf_with_grad = true;
  leaf->grad_fn = std::move(node);
}

void run_backward(Root root) {
  Machine& m = Machine::current();
  const Setting no_grad(m.grad_enabled, false);
  Run(std::move(root)).run();
}

Tensor sum_to(const Tensor& grad, const Shape& shape) {
  if (grad.shape() == shape) return grad;
  if (num_elements(grad.shape()) == num_elements(shape))
    return alias(grad, shape, contiguous_strides(shape));
  const Tensor sum = empty(shape, grad.dtype());
  // Axes in front are summed, and then dropped by a view.
  return grad.dim() > shape.rank() ? alias(sum, shape, sum->strides) : sum;
}

}  // namespace shapewright::eager
