#include "memory/training/iteration.h"

#include <algorithm>
#include <map>

#include "eager/autograd.h"
#include "eager/segment.h"
#include "memory/training/autocast.h"
#include "memory/training/checkpoints.h"
#include "memory/training/functions.h"
#include "memory/training/update.h"
#include "ops/aten.h"

namespace shapewright {

using eager::Keeper;
using eager::Machine;
using eager::Phase;
using eager::Role;
using eager::Setting;
using eager::Tensor;
using eager::Tensors;

namespace {

constexpr std::int64_t kRandomStateBytes = 5056;  // torch.get_rng_state() of a CPU

class Runner {
 public:
  Runner(const Analysis& a, const RunOptions& options)
      : a_(a),
        g_(*a.graph),
        options_(options),
        machine_(options.device),
        scope_(machine_),
        autocast_(options.precision),
        segments_(
            find_segments(g_, options.trains ? options.checkpoints : std::vector<std::string>{})),
        bodies_(find_bodies(g_)),
        tensors_(g_.values.size()) {
    machine_.halves = cast(DType::kF32, options_.precision);
    if (machine_.halves == DType::kF32) machine_.halves = DType::kUnknown;
    machine_.capability = options_.capability;
    machine_.attention = options_.attention;
    out_.of_value.assign(g_.values.size(), kNone);
    is_held_.assign(g_.values.size(), 0);
    for (const ValueId v : g_.held) is_held_[v] = 1;
    if (options_.outputs == Outputs::kKept) returns_after_ = find_return();
  }

  Iteration run() {
    find_releases();
    hold_state();
    for (std::int64_t i = 0; i < std::max<std::int64_t>(1, options_.accumulation); ++i) {
      forward();
      if (options_.trains) backward();
    }
    if (options_.trains) {
      step();
      if (options_.zero_grad == ZeroGrad::kAfterStep)
        zero_grad();
      else if (!options_.is_first_iteration)
        hold_gradients_before();
    }
    if (has_returned_) hold_returned_before();
    // Whatever is still there is there between iterations: nothing frees it.
    out_.storages = machine_.storages;
    out_.changes = machine_.changes;
    out_.kernels = machine_.kernels;
    return std::move(out_);
  }

 private:
  static DType cast(DType d, Precision p) {
    if (d != DType::kF32) return d;
    if (p == Precision::kBf16) return DType::kBF16;
    return p == Precision::kF16 ? DType::kF16 : d;
  }

  // By node: the values whose last name goes after it.
  void find_releases() {
    released_.resize(g_.nodes.size());
    std::vector<NodeId> last(g_.values.size(), kNone);
    std::vector<std::uint8_t> is_kept(g_.values.size(), 0);
    for (const ValueId v : g_.blocks[0].outputs)
      if (v != kNone) is_kept[v] = 1;
    if (g_.loss != kNone) is_kept[g_.loss] = 1;
    for (const NodeId n : g_.blocks[0].nodes) {
      for (const ValueId v : g_.outputs(g_.nodes[n]))
        if (v != kNone) last[v] = n;
      for (const ValueId v : g_.inputs(g_.nodes[n]))
        if (v != kNone) last[v] = n;
    }
    const bool is_told = g_.released_after.size() == g_.values.size();
    for (ValueId v = 0; v < g_.values.size(); ++v) {
      if (g_.values[v].kind != ValueKind::kResult || is_kept[v] != 0) continue;
      NodeId at = is_told && g_.released_after[v] != kNone ? g_.released_after[v] : last[v];
      if (at == kNone) continue;
      // Python drops what a function kept once its call is over; what its body made stays inside.
      const NodeId call = bodies_.call_of[at], maker = g_.values[v].producer;
      if (call != kNone && (maker == kNone || bodies_.call_of[maker] != call)) at = call;
      released_[at].push_back(v);
    }
  }

  Tensor hold(ValueId v, Role role) {
    const TensorType& type = a_.type(v);
    if (!type.shape.has_rank()) return {};
    Tensor t = eager::empty(type.shape, cast(type.dtype, options_.precision));
    eager::Storage& s = machine_.storages[t->storage];
    s.role = role;
    s.value = v;
    out_.of_value[v] = t->storage;
    // Also where nothing is recorded: operators look at the flag.
    if (g_.values[v].requires_grad) eager::require_grad(t);
    return t;
  }

  void hold_state() {
    for (ValueId v = 0; v < g_.values.size(); ++v) {
      const Value& value = g_.values[v];
      if (value.kind == ValueKind::kParam) {
        tensors_[v] = hold(v, Role::kParam);
        if (value.requires_grad && !value.is_buffer && tensors_[v].defined()) params_.push_back(v);
      } else if (value.kind == ValueKind::kInput) {
        tensors_[v] = hold(v, Role::kInput);
      }
    }
  }

  // For each parameter that has had a gradient. From the second iteration on they are there before
  // it begins.
  void make_states() {
    const auto first = static_cast<std::ptrdiff_t>(machine_.changes.size());
    const Setting phase(machine_.phase,
                        options_.is_first_iteration ? Phase::kOptimizer : Phase::kForward);
    for (const ValueId v : params_)
      if (tensors_[v]->grad) states_.push_back(make_state(options_.optimizer, tensors_[v], v));
    if (options_.is_first_iteration) return;
    auto& changes = machine_.changes;
    std::rotate(changes.begin(), changes.begin() + first, changes.end());
  }

  void forward() {
    const Setting phase(machine_.phase, Phase::kForward);
    const auto& nodes = g_.blocks[0].nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const NodeId n = nodes[i];
      if (bodies_.call_of[n] != kNone) continue;
      if (segments_[n] == kNone) {
        machine_.segment = nullptr;
      } else if (i == 0 || segments_[nodes[i - 1]] != segments_[n]) {
        machine_.segment = begin_segment(n);
      }
      step_node(n);
      if (n == returns_after_) keep_outputs();
    }
    machine_.segment = nullptr;
    const Setting cast(machine_.keeper, Keeper::kCast);
    autocast_.clear();
  }

  void step_node(NodeId n) {
    const Setting in_name(machine_.node, n);
    const Setting grad(machine_.grad_enabled,
                       (options_.trains && g_.nodes[n].grad_enabled) && machine_.grad_enabled);
    run_node(n);
    for (const ValueId v : g_.outputs(g_.nodes[n]))
      if (v != kNone && is_held_[v] != 0) hold_on(v);
    const Setting read(machine_.keeper, Keeper::kRead);
    for (const ValueId v : released_[n]) tensors_[v] = {};
  }

  // The model keeps the value until its next call has made another: at first there is that of the
  // call before.
  void hold_on(ValueId v) {
    const Tensor t = tensors_[v];
    if (!t.defined() || machine_.storages[t->storage].role != Role::kResult) return;
    const bool is_same = std::ranges::any_of(
        held_, [&](const auto& item) { return item.second->storage == t->storage; });
    const bool is_again = held_.contains(v);
    held_.insert_or_assign(v, eager::detach(t));
    machine_.storages[t->storage].keeper = Keeper::kHeld;
    if (is_same || is_again || options_.is_first_iteration) return;
    const Dim bytes = machine_.storages[t->storage].bytes;
    const auto at = static_cast<std::ptrdiff_t>(machine_.changes.size());
    {
      const Setting keeper(machine_.keeper, Keeper::kHeld);
      const Tensor before = eager::empty({bytes}, DType::kU8);
      machine_.storages[before->storage].value = machine_.storages[t->storage].value;
    }
    auto& changes = machine_.changes;
    changes[static_cast<std::size_t>(at)].node = kNone;
    std::rotate(changes.begin(), changes.begin() + at, changes.begin() + at + 1);
  }

  // The node that makes the last of what the model returns.
  NodeId find_return() const {
    NodeId last = kNone;
    std::vector<std::uint8_t> makes(g_.nodes.size(), 0);
    for (const ValueId v : g_.blocks[0].outputs)
      if (v != kNone && g_.values[v].producer != kNone) makes[g_.values[v].producer] = 1;
    for (const NodeId n : g_.blocks[0].nodes)
      if (makes[n] != 0 && bodies_.call_of[n] == kNone) last = n;
    return last;
  }

  // `out = model(x)`: the name holds what the call before returned until this one has.
  void keep_outputs() {
    Tensors returned;
    for (const ValueId v : g_.blocks[0].outputs)
      if (v != kNone && tensors_[v].defined()) returned.push_back(tensors_[v]);
    if (!has_returned_ && !machine_.changes.empty()) last_change_ = machine_.changes.back();
    has_returned_ = true;
    const Setting keeper(machine_.keeper, Keeper::kHeld);
    returned_ = std::move(returned);
  }

  // What goes with what the model returned, also what is saved for a backward that never came: that
  // of the iteration before is there from the beginning to where forward returned.
  void hold_returned_before() {
    auto& changes = machine_.changes;
    const std::size_t end = changes.size();
    {
      const Setting keeper(machine_.keeper, Keeper::kHeld);
      for (const ValueId v : g_.blocks[0].outputs)
        if (v != kNone && g_.values[v].kind == ValueKind::kResult) tensors_[v] = {};
      returned_.clear();
    }
    std::vector<eager::StorageId> gone;
    for (std::size_t i = end; i < changes.size(); ++i) gone.push_back(changes[i].storage);
    changes.resize(end);
    std::ranges::sort(gone);
    std::vector<eager::Change> made, dropped;
    for (const eager::StorageId s : gone) {
      const auto before = static_cast<eager::StorageId>(machine_.storages.size());
      machine_.storages.push_back(eager::Storage(machine_.storages[s]));
      machine_.storages[before].keeper = Keeper::kHeld;
      machine_.storages[s].keeper = Keeper::kNobody;
      made.push_back({before, kNone, true, Phase::kForward});
      dropped.push_back({before, kNone, false, Phase::kForward});
    }
    if (options_.is_first_iteration) return;
    const auto last = std::ranges::find_if(changes, [&](const eager::Change& c) {
      return c.storage == last_change_.storage && c.is_alloc == last_change_.is_alloc;
    });
    changes.insert(last == changes.end() ? changes.begin() : last + 1, dropped.begin(),
                   dropped.end());
    changes.insert(changes.begin(), made.begin(), made.end());
  }

  // What the segment of `first` is run again from is kept: everything it reads of others.
  std::shared_ptr<eager::Segment> begin_segment(NodeId first) {
    auto segment = std::make_shared<eager::Segment>();
    std::vector<NodeId> nodes;
    for (const NodeId n : g_.blocks[0].nodes)
      if (segments_[n] == segments_[first] && bodies_.call_of[n] == kNone) nodes.push_back(n);
    std::vector<std::uint8_t> is_inner(g_.values.size(), 0);
    std::vector<std::pair<ValueId, Tensor>> read;
    const Setting in_name(machine_.node, first);
    for (const NodeId n : nodes) {
      for (const ValueId v : g_.inputs(g_.nodes[n])) {
        if (v == kNone || is_inner[v] != 0 || g_.values[v].kind != ValueKind::kResult) continue;
        is_inner[v] = 1;
        if (!tensors_[v].defined()) continue;
        eager::mark_saved(tensors_[v]);
        read.emplace_back(v, tensors_[v]);
      }
      for (const ValueId v : g_.outputs(g_.nodes[n]))
        if (v != kNone) is_inner[v] = 1;
    }
    if (!machine_.on_cuda()) {
      segment->held.push_back(eager::empty({kRandomStateBytes}, DType::kU8));
      eager::mark_saved(segment->held.back());
    }
    eager::Segment* const self = segment.get();
    segment->run = [this, self, nodes = std::move(nodes), read = std::move(read)] {
      run_again(*self, nodes, read);
    };
    return segment;
  }

  void run_again(const eager::Segment& segment, const std::vector<NodeId>& nodes,
                 const std::vector<std::pair<ValueId, Tensor>>& read) {
    Tensor random_state;  // of before, to be set again
    if (!machine_.on_cuda()) random_state = eager::empty({kRandomStateBytes}, DType::kU8);
    std::vector<std::pair<ValueId, Tensor>> before;
    for (const auto& [v, tensor] : read) before.emplace_back(v, std::exchange(tensors_[v], tensor));
    for (const NodeId n : nodes)
      for (const ValueId v : g_.outputs(g_.nodes[n]))
        if (v != kNone) before.emplace_back(v, std::exchange(tensors_[v], Tensor()));
    const std::vector<eager::StorageId> of_value = out_.of_value;
    std::size_t made = 0;
    bool ends_early = false;
    try {
      for (const NodeId n : nodes) {
        made = machine_.changes.size();
        step_node(n);
      }
    } catch (const eager::SegmentDone&) {
      ends_early = true;
    }
    // Its last operator stops once it has saved its inputs: its result is not made.
    if (ends_early && !segment.last_saves_output) forget_results(made);
    {
      const Setting read_last(machine_.keeper, Keeper::kRead);
      for (auto& [v, tensor] : before) tensors_[v] = std::move(tensor);
      const Setting cast(machine_.keeper, Keeper::kCast);
      autocast_.clear();
    }
    out_.of_value = of_value;
  }

  // Drops what came and went since `first`.
  void forget_results(std::size_t first) {
    auto& changes = machine_.changes;
    std::vector<eager::StorageId> gone;
    for (std::size_t i = first; i < changes.size(); ++i)
      if (!changes[i].is_alloc) gone.push_back(changes[i].storage);
    std::erase_if(gone, [&](eager::StorageId s) {
      return std::none_of(changes.begin() + static_cast<std::ptrdiff_t>(first), changes.end(),
                          [&](const eager::Change& c) { return c.is_alloc && c.storage == s; });
    });
    const auto is_gone = [&](const eager::Change& c) {
      return std::ranges::find(gone, c.storage) != gone.end();
    };
    changes.erase(std::remove_if(changes.begin() + static_cast<std::ptrdiff_t>(first),
                                 changes.end(), is_gone),
                  changes.end());
  }

  void run_node(NodeId n) {
    const Node& node = g_.nodes[n];
    const auto inputs = g_.inputs(node), outputs = g_.outputs(node);
    const Op* op = a_.ops[n];
    Tensors in;
    for (const ValueId v : inputs) in.push_back(v == kNone ? Tensor() : tensors_[v]);
    Tensors results;
    if (op != nullptr && op->eager != nullptr && has_types(n)) {
      const Context context = context_of(a_, n, scratch_);
      autocast_.cast(context.op_type(), in);
      EagerCall call(context, std::move(in));
      if (const auto body = bodies_.of_call.find(n); body != bodies_.of_call.end())
        call.set_body([this, &of = body->second](const Tensors& saved, Tensors grads) {
          return run_body(of, saved, std::move(grads));
        });
      op->eager(call);
      results = call.take_outputs();
      if (call.is_in_part() || autocast_.avoids(context.op_type())) note_unmodelled(node.op);
    } else {
      note_unmodelled(node.op);
      results = unmodelled(n, in);
    }
    results.resize(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const ValueId v = outputs[i];
      if (v == kNone) continue;
      tensors_[v] = std::move(results[i]);
      if (!tensors_[v].defined()) continue;
      eager::Storage& s = machine_.storages[tensors_[v]->storage];
      out_.of_value[v] = tensors_[v]->storage;
      if (s.value == kNone) s.value = v;
    }
  }

  void note_unmodelled(std::uint32_t op) {
    if (std::ranges::find(out_.unmodelled, op) == out_.unmodelled.end())
      out_.unmodelled.push_back(op);
  }

  // The backward of a function of the model's own, on what it saved and the gradients that came.
  Tensors run_body(const DeferredBody& body, const Tensors& saved, Tensors grads) {
    std::vector<std::pair<ValueId, Tensor>> before;
    const auto put = [&](ValueId v, Tensor t) {
      if (v != kNone) before.emplace_back(v, std::exchange(tensors_[v], std::move(t)));
    };
    for (std::size_t i = 0; i < body.saved.size(); ++i) put(body.saved[i], saved[i]);
    for (std::size_t i = 0; i < body.given.size(); ++i) put(body.given[i], std::move(grads[i]));
    grads.clear();
    for (const NodeId n : body.nodes) step_node(n);
    Tensors made;
    for (const ValueId v : body.made) made.push_back(v == kNone ? Tensor() : tensors_[v]);
    for (const NodeId n : body.nodes)
      for (const ValueId v : g_.outputs(g_.nodes[n]))
        if (v != kNone) tensors_[v] = {};
    for (auto& [v, tensor] : before) tensors_[v] = std::move(tensor);
    return made;
  }

  bool has_types(NodeId n) const {
    const Node& node = g_.nodes[n];
    for (const ValueId v : g_.outputs(node))
      if (v != kNone && (a_.poisoned[v] != 0 || !a_.type(v).shape.has_rank())) return false;
    for (const ValueId v : g_.inputs(node))
      if (v != kNone && (a_.poisoned[v] != 0 || !tensors_[v].defined())) return false;
    return true;
  }

  // Fresh outputs of the declared types, through which gradients flow; nothing is known to be kept.
  Tensors unmodelled(NodeId n, const Tensors& in) {
    Tensors results;
    for (const ValueId v : g_.outputs(g_.nodes[n])) {
      const bool is_known = v != kNone && a_.poisoned[v] == 0 && a_.type(v).shape.has_rank() &&
                            a_.type(v).container == Container::kTensor &&
                            a_.type(v).dtype != DType::kUnknown;
      results.push_back(is_known ? eager::empty(a_.type(v).shape, a_.type(v).dtype) : Tensor());
    }
    Tensors flows;
    for (const Tensor& t : in)
      if (t.defined() && is_float(t.dtype())) flows.push_back(t);
    Tensors made;
    for (const Tensor& t : results)
      if (t.defined() && is_float(t.dtype())) made.push_back(t);
    if (made.empty()) return results;
    std::vector<Shape> shapes;
    for (const Tensor& t : flows) shapes.push_back(t.shape());
    eager::record("Unmodelled", flows, made, {}, [shapes](eager::Node& node, const Tensors& g) {
      Tensors grads;
      DType dtype = DType::kF32;
      for (const Tensor& t : g)
        if (t.defined()) dtype = t.dtype();
      for (std::size_t i = 0; i < shapes.size(); ++i)
        grads.push_back(node.needs(i) ? eager::empty(shapes[i], dtype) : Tensor());
      return grads;
    });
    return results;
  }

  // What the graph calls its loss, else the sum of its first floating output.
  Tensor loss_of() {
    if (g_.loss != kNone) return tensors_[g_.loss];
    for (const ValueId v : g_.blocks[0].outputs) {
      if (v == kNone || !tensors_[v].has_gradient()) continue;
      const Setting phase(machine_.phase, Phase::kForward);
      const Setting in_name(machine_.node, g_.values[v].producer);
      return aten::sum(tensors_[v], {});
    }
    return {};
  }

  void backward() {
    const Setting phase(machine_.phase, Phase::kBackward);
    const Tensor loss = loss_of();
    if (loss.has_gradient()) {
      const Setting flows(machine_.keeper, Keeper::kGradient);
      const Tensor ones = eager::empty_like(loss);
      eager::run_backward({loss, ones});
    }
    // The caller drops the loss and the outputs before the step.
    const Setting read(machine_.keeper, Keeper::kNobody);
    for (ValueId v = 0; v < g_.values.size(); ++v)
      if (g_.values[v].kind == ValueKind::kResult) tensors_[v] = {};
  }

  void step() {
    const Setting phase(machine_.phase, Phase::kOptimizer);
    const Setting in_name(machine_.node, NodeId{kNone});
    std::vector<UpdatedParam> updated;
    for (const ValueId v : params_)
      if (tensors_[v]->grad) updated.push_back({v, tensors_[v]});
    make_states();
    if (!options_.optimizer.name.empty()) run_update(options_.optimizer, options_.update, updated);
  }

  void zero_grad() {
    const Setting phase(machine_.phase, Phase::kZeroGrad);
    const Setting in_name(machine_.node, NodeId{kNone});
    const Setting flows(machine_.keeper, Keeper::kGradient);
    for (const ValueId v : params_) tensors_[v]->grad.reset();
  }

  // Those of the step before, from the beginning to where backward begins.
  void hold_gradients_before() {
    auto& changes = machine_.changes;
    std::vector<eager::Change> made, dropped;
    for (const eager::Change& c : std::vector(changes)) {
      if (!c.is_alloc || machine_.storages[c.storage].role != Role::kGradient) continue;
      const auto before = static_cast<eager::StorageId>(machine_.storages.size());
      machine_.storages.push_back(eager::Storage(machine_.storages[c.storage]));
      made.push_back({before, kNone, true, Phase::kForward});
      dropped.push_back({before, kNone, false, Phase::kBackward});
    }
    const auto backward = std::ranges::find(changes, Phase::kBackward, &eager::Change::phase);
    changes.insert(backward, dropped.begin(), dropped.end());
    changes.insert(changes.begin(), made.begin(), made.end());
  }

  const Analysis& a_;
  const Graph& g_;
  const RunOptions& options_;
  Iteration out_;
  Machine machine_;
  eager::MachineScope scope_;
  Autocast autocast_;
  std::vector<std::uint32_t> segments_;  // by NodeId: kNone where nothing is run again
  DeferredBodies bodies_;
  Tensors tensors_;                             // by ValueId: what a name holds
  std::vector<std::vector<ValueId>> released_;  // by NodeId
  std::vector<std::uint8_t> is_held_;           // by ValueId
  std::map<ValueId, Tensor> held_;              // by the model, after its call
  Tensors returned_;                            // and held by the caller
  NodeId returns_after_ = kNone;                // kNone: the caller drops it
  eager::Change last_change_;                   // before the first pass returned
  bool has_returned_ = false;
  std::vector<ValueId> params_;
  std::vector<ParamState> states_;
  NodeOperands scratch_;
};

}  // namespace

bool is_eager(const Graph& g) {
  return std::ranges::any_of(g.opsets, [](const auto& set) { return set.first == "aten"; }) ||
         std::ranges::any_of(g.op_names, [](const OpName& op) { return op.domain == "aten"; });
}

Iteration run_iteration(const Analysis& a, const RunOptions& options) {
  return Runner(a, options).run();
}

}  // namespace shapewright
