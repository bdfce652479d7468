#include "ops/einsum.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ops/rules.h"

namespace shapewright::rules {

namespace {

constexpr char kEllipsis = '.';

// A term as its labels in order, the ellipsis being one of them.
struct Equation {
  std::vector<std::string> inputs;
  std::string output;
};

[[noreturn]] void bad_equation(const Context& op, const std::string& why) {
  op.fail("einsum-equation",
          "Einsum equation '" + std::string(op.attr_string("equation", "")) + "' " + why);
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool has(std::string_view term, char label) { return term.find(label) != std::string_view::npos; }

std::string parse_term(const Context& op, std::string_view text) {
  std::string term;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_letter(text[i])) {
      term += text[i];
    } else if (text.substr(i, 3) == "..." && !has(term, kEllipsis)) {
      term += kEllipsis;
      i += 2;
    } else if (text.substr(i, 3) == "...") {
      bad_equation(op, "has more than one ellipsis in a term");
    } else {
      bad_equation(op, "has something other than letters, commas, '...' and one '->'");
    }
  }
  return term;
}

// Without "->": the ellipsis, then the labels that occur once, in ASCII order.
std::string implicit_output(const std::vector<std::string>& inputs) {
  std::array<int, 128> count{};
  for (const std::string& term : inputs) {
    for (const char c : term) ++count[static_cast<std::size_t>(c)];
  }
  std::string output;
  if (count[kEllipsis] > 0) output += kEllipsis;
  for (char c = 'A'; c <= 'z'; ++c) {
    if (is_letter(c) && count[static_cast<std::size_t>(c)] == 1) output += c;
  }
  return output;
}

void check_output(const Context& op, const Equation& e) {
  for (std::size_t i = 0; i < e.output.size(); ++i) {
    const char c = e.output[i];
    const std::string label(c == kEllipsis ? "..." : std::string(1, c));
    if (has(e.output.substr(i + 1), c)) bad_equation(op, "repeats '" + label + "' in its result");
    const bool in_input = std::any_of(e.inputs.begin(), e.inputs.end(),
                                      [&](const std::string& term) { return has(term, c); });
    if (!in_input && c != kEllipsis) {
      bad_equation(op, "has '" + label + "' in its result but in no operand");
    }
  }
  const bool ellipsis = std::any_of(e.inputs.begin(), e.inputs.end(),
                                    [](const std::string& term) { return has(term, kEllipsis); });
  if (ellipsis && !has(e.output, kEllipsis)) bad_equation(op, "drops the ellipsis in its result");
}

Equation parse(const Context& op) {
  std::string text(op.attr_string("equation", ""));
  std::erase(text, ' ');
  const std::size_t arrow = text.find("->");
  std::string_view left = std::string_view(text).substr(0, arrow);
  Equation e;
  while (true) {
    const std::size_t comma = left.find(',');
    e.inputs.push_back(parse_term(op, left.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    left.remove_prefix(comma + 1);
    if (e.inputs.size() > op.num_inputs()) break;
  }
  e.output = arrow == std::string::npos ? implicit_output(e.inputs)
                                        : parse_term(op, std::string_view(text).substr(arrow + 2));
  check_output(op, e);
  if (e.inputs.size() != op.num_inputs()) {
    bad_equation(
        op, "does not have one term for each of " + std::to_string(op.num_inputs()) + " operands");
  }
  return e;
}

// Sizes by label; those of the ellipsis apart. A label of operands of unknown rank alone has none.
struct Sizes {
  std::array<std::optional<Dim>, 128> labels;
  std::optional<Shape> ellipsis;
};

// How many axes the ellipsis of `term` stands for in a tensor of `rank`; fails where the term does
// not fit.
int ellipsis_rank(const Context& op, std::string_view term, int rank, std::size_t input) {
  const bool ellipsis = has(term, kEllipsis);
  const int named = static_cast<int>(term.size()) - (ellipsis ? 1 : 0);
  if (named == rank || (ellipsis && named < rank)) return rank - named;
  bad_equation(op, "names " + std::to_string(named) + " axes of input " + std::to_string(input) +
                       ", which has rank " + std::to_string(rank));
}

// `join` gives the common size of a label's two occurrences; `where` names them.
template <typename Join>
Sizes sizes_of(const Context& op, const Equation& e, Join join) {
  Sizes sizes;
  for (std::size_t i = 0; i < e.inputs.size(); ++i) {
    if (!op.has_rank(i)) continue;
    const std::string_view term = e.inputs[i];
    const Shape& shape = op.shape(i);
    const int spread = ellipsis_rank(op, term, shape.rank(), i);
    int axis = 0;
    for (std::size_t t = 0; t < term.size(); ++t) {
      if (term[t] != kEllipsis) {
        auto& size = sizes.labels[static_cast<std::size_t>(term[t])];
        const bool again = has(term.substr(0, t), term[t]);
        size = size ? join(*size, shape[axis], i, axis, term[t], again) : shape[axis];
        ++axis;
        continue;
      }
      if (sizes.ellipsis && sizes.ellipsis->rank() != spread) {
        bad_equation(op, "has ellipses of " + std::to_string(sizes.ellipsis->rank()) + " and of " +
                             std::to_string(spread) + " axes");
      }
      Shape dims;
      for (int k = 0; k < spread; ++k, ++axis) {
        dims.push_back(sizes.ellipsis
                           ? join((*sizes.ellipsis)[k], shape[axis], i, axis, kEllipsis, false)
                           : shape[axis]);
      }
      sizes.ellipsis = std::move(dims);
    }
  }
  return sizes;
}

}  // namespace

void einsum(Context& op) {
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  const Equation e = parse(op);
  // Size 1 broadcasts between operands; a label repeated within one operand is its diagonal.
  const Sizes sizes =
      sizes_of(op, e, [&](Dim a, Dim b, std::size_t input, int axis, char label, bool diagonal) {
        const auto what = [&] {
          return axis_text("input " + std::to_string(input), axis) + " with '" +
                 (label == kEllipsis ? "..." : std::string(1, label)) + "' before it";
        };
        return diagonal ? op.unify("einsum-equation", a, b, what) : op.broadcast_dims(a, b, what);
      });
  const bool spreads = has(e.output, kEllipsis);
  const bool ellipsis_in = std::any_of(e.inputs.begin(), e.inputs.end(),
                                       [](const auto& t) { return has(t, kEllipsis); });
  if (spreads && ellipsis_in && !sizes.ellipsis) {
    op.output(0, dtype, Shape::unknown_rank());
    return;
  }
  Shape out;
  for (const char c : e.output) {
    if (c == kEllipsis) {
      if (sizes.ellipsis) {
        for (const Dim d : *sizes.ellipsis) out.push_back(d);
      }
    } else {
      const auto& size = sizes.labels[static_cast<std::size_t>(c)];
      out.push_back(size ? *size : op.unknown_dim());
    }
  }
  op.output(0, dtype, std::move(out));
}

Dim einsum_flops(const Context& op) {
  const Equation e = parse(op);
  const Sizes sizes = sizes_of(op, e, [](Dim a, Dim b, std::size_t, int, char, bool) {
    return Context::better_known(a == Dim(1) ? b : a, b == Dim(1) ? a : b);
  });
  // One multiplication or addition for each operand at each point of the space of all labels.
  Dim points = 1;
  for (const auto& size : sizes.labels) {
    if (size) points *= *size;
  }
  if (sizes.ellipsis) points *= num_elements(*sizes.ellipsis);
  return points * static_cast<std::int64_t>(e.inputs.size());
}

}  // namespace shapewright::rules
