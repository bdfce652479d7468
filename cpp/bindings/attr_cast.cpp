#include "bindings/attr_cast.h"

#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "bindings/text_cast.h"

namespace py = pybind11;

namespace shapewright {

namespace {

[[noreturn]] void bad_attr(const std::string& name, const py::handle& value) {
  throw py::type_error("attribute '" + name + "' cannot be " +
                       py::repr(py::type::handle_of(value)).cast<std::string>());
}

// A list as the narrowest of ints, floats and strings that holds it; an empty one is ints.
void set_list(Attr& attr, const py::sequence& list) {
  bool all_ints = true, all_floats = true, all_texts = true, all_blocks = list.size() > 0;
  for (const py::handle item : list) {
    all_ints = all_ints && PyIndex_Check(item.ptr()) != 0;
    all_floats = all_floats && (PyIndex_Check(item.ptr()) != 0 || PyFloat_Check(item.ptr()) != 0);
    all_texts = all_texts && (py::isinstance<py::str>(item) || py::isinstance<py::bytes>(item));
    all_blocks = all_blocks && py::isinstance<BlockRef>(item);
  }
  if (all_ints) {
    attr.kind = AttrKind::kInts;
    attr.ints = list.cast<std::vector<std::int64_t>>();
  } else if (all_floats) {
    attr.kind = AttrKind::kFloats;
    attr.floats = list.cast<std::vector<float>>();
  } else if (all_texts) {
    attr.kind = AttrKind::kStrings;
    attr.strings = list.cast<std::vector<std::string>>();
  } else if (all_blocks) {
    attr.kind = AttrKind::kGraphs;
    for (const py::handle item : list) attr.blocks.push_back(item.cast<BlockRef>().index);
  } else {
    bad_attr(attr.name, list);
  }
}

Attr to_attr(const std::string& name, const py::handle& value) {
  if (py::hasattr(value, "tolist")) return to_attr(name, value.attr("tolist")());  // of NumPy
  Attr attr;
  attr.name = name;
  if (py::isinstance<py::str>(value) || py::isinstance<py::bytes>(value)) {
    attr.kind = AttrKind::kString;
    attr.s = value.cast<std::string>();
  } else if (py::isinstance<TensorData>(value)) {
    attr.kind = AttrKind::kTensor;
    attr.tensor = value.cast<TensorData>();
  } else if (py::isinstance<BlockRef>(value)) {
    attr.kind = AttrKind::kGraph;
    attr.blocks = {value.cast<BlockRef>().index};
  } else if (PyIndex_Check(value.ptr())) {
    attr.kind = AttrKind::kInt;
    attr.i = value.cast<std::int64_t>();
  } else if (PyFloat_Check(value.ptr()) || PyNumber_Check(value.ptr())) {
    attr.kind = AttrKind::kFloat;
    attr.f = value.cast<float>();
  } else if (py::isinstance<py::sequence>(value)) {
    set_list(attr, value.cast<py::sequence>());
  } else {
    bad_attr(name, value);
  }
  return attr;
}

}  // namespace

AttrSet to_attrs(const py::dict& attrs) {
  AttrSet set;
  for (const auto& [name, value] : attrs) {
    const auto text = name.cast<std::string>();
    try {
      set.push_back(to_attr(text, value));
    } catch (const py::cast_error&) {  // a number past 64 bits
      bad_attr(text, value);
    }
  }
  return set;
}

py::object attr_value(const Attr& attr) {
  switch (attr.kind) {
    case AttrKind::kInt: return py::int_(attr.i);
    case AttrKind::kFloat: return py::float_(attr.f);
    case AttrKind::kString: return text_to_python(attr.s);
    case AttrKind::kInts: return py::cast(attr.ints);
    case AttrKind::kFloats: return py::cast(attr.floats);
    case AttrKind::kStrings: {
      py::list texts;
      for (const std::string& s : attr.strings) texts.append(text_to_python(s));
      return texts;
    }
    case AttrKind::kTensor: return py::cast(attr.tensor);
    case AttrKind::kGraph:
    case AttrKind::kGraphs: {
      py::list blocks;
      for (const BlockId block : attr.blocks) blocks.append(BlockRef{block});
      if (attr.kind == AttrKind::kGraph && !attr.blocks.empty()) return blocks[0];
      return blocks;
    }
    case AttrKind::kOther: return py::none();
  }
  return py::none();
}

}  // namespace shapewright
