// Attributes of nodes from Python values and back.
#pragma once

#include <pybind11/pybind11.h>

#include "graph/attrs.h"
#include "graph/graph.h"

namespace shapewright {

// A body of If, Loop or Scan as an attribute.
struct BlockRef {
  BlockId index = 0;
};

AttrSet to_attrs(const pybind11::dict& attrs);
pybind11::object attr_value(const Attr& attr);

}  // namespace shapewright
