// What an eager framework does with memory, on symbolic sizes: storages come and go as the last
// tensor over them does. Every change is an event; nothing is computed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dim/dim.h"
#include "graph/graph.h"

namespace shapewright::eager {

struct Node;
struct Segment;

enum class Device : std::uint8_t { kCpu, kCuda };

// In which part of an iteration something happens.
enum class Phase : std::uint8_t { kForward, kBackward, kOptimizer, kZeroGrad };
std::string_view name_of(Phase phase);  // "forward", "backward", "optimizer", "zero_grad"

// What a storage is for.
enum class Role : std::uint8_t {
  kResult,     // made by a node, or by the backward of one
  kParam,      // parameter or buffer of the model: alive throughout
  kInput,      // held by the caller
  kGradient,   // the .grad of a parameter
  kOptimizer,  // optimizer state
};

// Why a storage stayed alive as long as it did: what gave up the last tensor over it.
enum class Keeper : std::uint8_t {
  kNobody,    // nothing did: alive at the end
  kRead,      // a name in Python, last read by the node
  kSaved,     // saved for the backward of the node
  kGradient,  // a gradient that flows from the backward of the node
  kScratch,   // a temporary within the node
  kOptimizer,
  kCast,  // a weight cast by autocast, kept to its end
  kHeld,  // the model, from one call to the next
};

using StorageId = std::uint32_t;

struct Storage {
  Dim bytes;
  std::uint32_t num_tensors = 0;  // over it
  Role role = Role::kResult;
  Keeper keeper = Keeper::kNobody;
  bool is_saved = false;  // for a backward, at some time
  ValueId value = kNone;  // the first value over it, or the parameter it is a gradient or state of
  NodeId maker = kNone;
  NodeId last = kNone;      // the node that `keeper` speaks of
  NodeId saved_by = kNone;  // the first node that saved it
};

struct Change {
  StorageId storage = kNone;
  NodeId node = kNone;
  bool is_alloc = true;
  Phase phase = Phase::kForward;
};

// A kernel that an operator chose among several.
struct KernelChoice {
  NodeId node = kNone;
  std::string_view kernel;  // of static storage
};

class Machine {
 public:
  explicit Machine(Device device) : device_(device) {}
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  static Machine& current();  // of the innermost MachineScope of this thread

  StorageId alloc(Dim bytes);
  void retain(StorageId s) { ++storages[s].num_tensors; }
  void release(StorageId s);
  void bury(std::shared_ptr<Node> node);  // destroys it, without recursion

  Device device() const { return device_; }
  bool on_cuda() const { return device_ == Device::kCuda; }

  std::vector<Storage> storages;
  std::vector<Change> changes;
  std::vector<KernelChoice> kernels;

  DType halves = DType::kUnknown;  // of a module whose floats are read as halves
  std::int64_t capability = 80;    // compute capability of a GPU: 80 is 8.0
  std::string attention;           // the kernel that is asked for, as ops/sdpa.h names it; "": none
  Phase phase = Phase::kForward;
  NodeId node = kNone;               // in whose name things happen
  Keeper keeper = Keeper::kScratch;  // what a release says
  bool grad_enabled = true;
  std::uint64_t next_sequence = 0;   // of autograd nodes
  std::shared_ptr<Segment> segment;  // the one that runs, if any

 private:
  Device device_;
  std::vector<std::shared_ptr<Node>> dying_;
  bool is_burying_ = false;
};

class MachineScope {
 public:
  explicit MachineScope(Machine& machine);
  ~MachineScope();
  MachineScope(const MachineScope&) = delete;
  MachineScope& operator=(const MachineScope&) = delete;

 private:
  Machine* previous_;
};

// Sets a field of the machine for its lifetime.
template <typename T>
class Setting {
 public:
  Setting(T& field, T value) : field_(field), old_(field) { field_ = value; }
  ~Setting() { field_ = old_; }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  T& field_;
  T old_;
};

}  // namespace shapewright::eager
