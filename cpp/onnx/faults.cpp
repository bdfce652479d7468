#include "onnx/model.h"

namespace shapewright::onnx {

void Reader::fault(GraphFault fault) {
  if (g_.faults.size() < ReadLimits::kFaults) {
    g_.faults.push_back(std::move(fault));
    return;
  }
  ++faults_unlisted_;
  error_unlisted_ |= fault.is_error;
}

void Reader::finish_faults() {
  if (faults_unlisted_ == 0) return;
  g_.faults.push_back({.code = "faults-unlisted",
                       .message = std::to_string(faults_unlisted_) + " more faults are not listed",
                       .facts = {{"listed", std::to_string(ReadLimits::kFaults)}},
                       .node = kNone,
                       .is_error = error_unlisted_,
                       .hint = {}});
}

void Reader::name_fault(const char* code, ValueId value, const char* what, bool is_error) {
  const std::string name(g_.values[value].name);
  GraphFault made{.code = code,
                  .message = "Value '" + name + "' " + what,
                  .facts = {{"value", name}},
                  .node = at_node_,
                  .is_error = is_error,
                  .hint = {}};
  if (at_node_ != kNone) made.facts.emplace_back("at", describe(g_, at_node_));
  fault(std::move(made));
}

void Reader::constant_fault(const ConstantTensor& tensor, const std::string& subject) {
  fault({.code = std::string(tensor.fault),
         .message = subject + " " + tensor.detail,
         .facts = {{"constant", subject}},
         .node = at_node_,
         .is_error = true,
         .hint = {}});
}

void Reader::limit(std::string code, std::string message) const {
  Facts facts = {{"path", source_.name}};
  std::string node;
  if (at_node_ != kNone) {
    node = display_name(g_, at_node_);
    facts.emplace_back("node", describe(g_, at_node_));
  }
  throw Error(ErrorKind::kLimit, std::move(code), std::move(message), std::move(facts),
              std::move(node));
}

void Reader::too_many(std::size_t most, const char* what) const {
  limit("graph-size", source_.text() + " has more than " + std::to_string(most) + " " + what);
}

}  // namespace shapewright::onnx
