// What a name means: definitions, lookups, and names that are wrong.
#include <algorithm>

#include "onnx/model.h"

namespace shapewright::onnx {
std::string_view Reader::copy_text(std::string_view text) {
  if (text.size() > ReadLimits::kNameBytes) {
    limit("name-length",
          "A name of " + std::to_string(text.size()) + " bytes is longer than 64 KiB");
  }
  return is_ascii(text) ? g_.intern(text) : g_.intern(valid_utf8(text));
}

// The nodes of a function share the text of its call.
std::string_view Reader::copy_scope(std::string_view text) {
  if (text.data() != scope_read_.data()) {
    scope_read_ = text;
    scope_kept_ = g_.intern(text);
  }
  return scope_kept_;
}

std::string_view Reader::prefixed_name(std::string_view name, const Frame& frame) {
  charge(frame.prefix.size() + name.size());
  return copy_text(frame.prefix + std::string(name.substr(0, ReadLimits::kNameBytes)));
}

ValueId Reader::new_value(std::string_view name, ValueKind kind, BlockId block,
                          const Frame& frame) {
  const auto id = static_cast<ValueId>(g_.values.size());
  check_count(g_.values.size() + 1, ReadLimits::kValues, "values");
  g_.values.push_back({.name = keep_name(name, frame), .kind = kind, .block = block});
  return id;
}

ValueId Reader::define(std::string_view name, ValueKind kind, BlockId block, Frame& frame) {
  if (name.empty()) return new_value(name, kind, block, frame);
  NameTable::Entry& entry = frame.names.add(name);
  if (entry.id != NameTable::kUnset) {
    if (entry.depth == kReserved && frame.depth == 0) {
      entry.depth = 0;
      return entry.id;
    }
    if (entry.depth == frame.depth) {
      const ValueId again = new_value(name, kind, block, frame);
      name_fault("value-redefined", again, "is defined a second time; the first stands", true);
      return again;
    }
  }
  const bool shadows = entry.id != NameTable::kUnset;
  if (frame.depth > 0) frame.undo.push_back({name, entry.id, entry.depth});
  const ValueId id = new_value(name, kind, block, frame);
  entry.id = id;
  entry.depth = frame.depth;
  if (shadows) {
    name_fault("value-shadowed", id, "has the name of a value of an enclosing graph", false);
  }
  return id;
}

ValueId Reader::undefined(std::string_view name, BlockId block, Frame& frame) {
  const std::string nearest = nearest_name(name, frame);
  NameTable::Entry& entry = frame.names.add(name);
  if (frame.depth > 0) frame.undo.push_back({name, entry.id, entry.depth});
  const ValueId id = new_value(name, ValueKind::kResult, block, frame);
  entry.id = id;
  entry.depth = frame.depth;
  const std::string text(g_.values[id].name);
  GraphFault made{.code = "value-undefined",
                  .message = {},
                  .facts = {{"value", text}},
                  .node = at_node_,
                  .is_error = true,
                  .hint = nearest.empty() ? "" : "did you mean '" + nearest + "'?"};
  if (at_call_ != nullptr) {
    made.message = "A call of function '" + at_call_->function->text() + "' reads '" + text +
                   "', which nothing defines";
    made.facts.emplace_back("call", valid_utf8(at_call_->name));
    made.facts.emplace_back("byte offset", std::to_string(at_call_->byte_offset));
  } else if (at_node_ != kNone) {
    made.message = describe(g_, at_node_) + " reads '" + text + "', which nothing defines";
    made.facts.emplace_back("byte offset", std::to_string(g_.nodes[at_node_].byte_offset));
  } else {
    made.code = "output-undefined";
    made.message = "Output '" + text + "' is made by no node";
  }
  if (frame.function != nullptr) made.facts.emplace_back("in function", frame.function->text());
  fault(std::move(made));
  return id;
}

ValueId Reader::resolve(std::string_view name, BlockId block, Frame& frame) {
  if (name.empty()) return kNone;
  const NameTable::Entry* const entry = frame.names.find(name);
  if (entry == nullptr || entry->id == NameTable::kUnset) return undefined(name, block, frame);
  return entry->id == kOmitted ? kNone : entry->id;
}

std::string Reader::nearest_name(std::string_view name, const Frame& frame) {
  constexpr int kMostSearches = 8;  // each looks at every name
  constexpr std::size_t kMostNames = 50'000;
  if (++name_searches_ > kMostSearches || g_.values.size() > kMostNames) return {};
  std::vector<std::string_view> names;
  frame.names.for_each([&](const NameTable::Entry& entry) { names.push_back(entry.name); });
  return valid_utf8(nearest_word(name, names));
}

void Reader::leave_block(Frame& frame, std::size_t undo_start) {
  while (frame.undo.size() > undo_start) {
    const Frame::Undo& last = frame.undo.back();
    NameTable::Entry& entry = frame.names.add(last.name);
    entry.id = last.id;
    entry.depth = last.depth;
    frame.undo.pop_back();
  }
}

}  // namespace shapewright::onnx
