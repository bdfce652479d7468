#include "eager/machine.h"

#include <stdexcept>
#include <utility>

#include "eager/autograd.h"

namespace shapewright::eager {

namespace {
thread_local Machine* current_machine = nullptr;
}  // namespace

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::kForward: return "forward";
    case Phase::kBackward: return "backward";
    case Phase::kOptimizer: return "optimizer";
    case Phase::kZeroGrad: return "zero_grad";
  }
  return "";
}

Machine& Machine::current() {
  if (current_machine == nullptr) throw std::logic_error("no machine is current");
  return *current_machine;
}

MachineScope::MachineScope(Machine& machine) : previous_(current_machine) {
  current_machine = &machine;
}
MachineScope::~MachineScope() { current_machine = previous_; }

StorageId Machine::alloc(Dim bytes) {
  const auto s = static_cast<StorageId>(storages.size());
  Storage storage;
  storage.bytes = bytes;
  storage.maker = node;
  storages.push_back(storage);
  changes.push_back({s, node, true, phase});
  return s;
}

void Machine::release(StorageId s) {
  Storage& storage = storages[s];
  if (--storage.num_tensors > 0) return;
  storage.keeper = keeper;
  storage.last = node;
  changes.push_back({s, node, false, phase});
}

void Machine::bury(std::shared_ptr<Node> n) {
  dying_.push_back(std::move(n));
  if (is_burying_) return;
  is_burying_ = true;
  while (!dying_.empty()) {
    const std::shared_ptr<Node> next = std::move(dying_.back());
    dying_.pop_back();
  }
  is_burying_ = false;
}

}  // namespace shapewright::eager
