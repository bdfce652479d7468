// The Python class `Dim`: a size made of symbols, canonical, with checked arithmetic.
#include <pybind11/operators.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "bindings/dim_cast.h"

namespace py = pybind11;

namespace shapewright {
namespace {

using Operand = std::variant<DimHandle, std::int64_t>;
using Argument = std::variant<DimHandle, std::int64_t, py::int_>;  // the last: past int64

Operand operand_of(const Argument& argument) {
  if (const auto* handle = std::get_if<DimHandle>(&argument)) return *handle;
  if (const auto* number = std::get_if<std::int64_t>(&argument)) return *number;
  throw Error(
      ErrorKind::kDimOverflow, "dim-overflow",
      py::str(std::get<py::int_>(argument)).cast<std::string>() + " does not fit in a 64-bit size");
}

// Dims that users write live here, for as long as the process.
const std::shared_ptr<Arena>& user_arena() {
  static const std::shared_ptr<Arena> arena = std::make_shared<Arena>();
  return arena;
}

// `operand` in the current arena, which is `arena`.
Dim here(const Operand& operand, const std::shared_ptr<Arena>& arena) {
  if (const auto* number = std::get_if<std::int64_t>(&operand)) return Dim(*number);
  const DimHandle& handle = std::get<DimHandle>(operand);
  return handle.arena == arena ? handle.dim : import_dim(handle.dim, *handle.arena);
}

// Where two operands meet: what a user wrote moves to the report, whose symbols have the model's
// bounds.
std::shared_ptr<Arena> meet(const Operand& a, const Operand& b) {
  const auto* left = std::get_if<DimHandle>(&a);
  const auto* right = std::get_if<DimHandle>(&b);
  if (left == nullptr) return right == nullptr ? user_arena() : right->arena;
  if (right == nullptr || left->arena != user_arena()) return left->arena;
  return right->arena;
}

DimHandle apply(Dim (*op)(Dim, Dim), const Argument& left, const Argument& right) {
  const Operand a = operand_of(left), b = operand_of(right);
  const std::shared_ptr<Arena> arena = meet(a, b);
  ArenaLock lock(*arena);
  return {arena, op(here(a, arena), here(b, arena)), {}};
}

Truth ask(Truth (*question)(Dim, Dim), const Argument& left, const Argument& right) {
  const Operand a = operand_of(left), b = operand_of(right);
  const std::shared_ptr<Arena> arena = meet(a, b);
  ArenaLock lock(*arena);
  return question(here(a, arena), here(b, arena));
}

std::optional<bool> as_optional(Truth t) {
  if (t == Truth::kUnknown) return std::nullopt;
  return t == Truth::kYes;
}

const std::string& text_of(const DimHandle& d) {
  ArenaLock lock(*d.arena);
  if (d.text.empty()) d.text = to_string(d.dim);
  return d.text;
}

std::string text_of(const Argument& argument) {
  if (const auto* handle = std::get_if<DimHandle>(&argument)) return text_of(*handle);
  return std::to_string(std::get<std::int64_t>(argument));
}

bool decide(Truth t, const char* sign, const Argument& a, const Argument& b) {
  if (t != Truth::kUnknown) return t == Truth::kYes;
  throw Error(ErrorKind::kInconclusive, "comparison-inconclusive",
              text_of(a) + " " + sign + " " + text_of(b) + " can go either way",
              {{"left", text_of(a)}, {"right", text_of(b)}}, {},
              "prove_le(a, b) answers True, False or None");
}

DimHandle parse(const std::string& text) {
  ArenaLock lock(*user_arena());
  return {user_arena(), parse_dim(text), {}};
}

std::vector<std::string> symbol_names(const DimHandle& d) {
  ArenaLock lock(*d.arena);
  std::vector<std::string> names;
  for (std::uint32_t id : symbols_of(d.dim)) names.push_back(d.arena->symbol_info(id).name);
  return names;
}

std::optional<std::int64_t> literal(const DimHandle& d) {
  ArenaLock lock(*d.arena);
  return known(d.dim);
}

// A size outside the bounds the symbol was declared with would make simplified expressions wrong.
void check_bounds(const SymbolInfo& symbol, Dim value) {
  const Bounds b = bounds(value);
  if (b.hi >= symbol.bounds.lo && b.lo <= symbol.bounds.hi) return;
  const std::string hi =
      symbol.bounds.hi == kPlusInf ? "no upper bound" : std::to_string(symbol.bounds.hi);
  throw Error(ErrorKind::kDim, "symbol-bounds",
              symbol.name + " = " + to_string(value) + " is outside the bounds of " + symbol.name,
              {{"lower", std::to_string(symbol.bounds.lo)}, {"upper", hi}});
}

DimHandle with_sizes(const DimHandle& d,
                     const std::vector<std::pair<std::string, Operand>>& sizes) {
  ArenaLock lock(*d.arena);
  SymbolValues values;
  for (const auto& [name, operand] : sizes) {
    const auto symbol = d.arena->find_symbol(name);
    if (!symbol) continue;  // of another size of the same model
    const Dim value = here(operand, d.arena);
    check_bounds(d.arena->symbol_info(*symbol), value);
    values.emplace_back(*symbol, value);
  }
  return {d.arena, substitute(d.dim, values), {}};
}

py::typing::Union<DimHandle, py::int_> bind_python(
    const DimHandle& d, const py::KWArgs<py::typing::Union<DimHandle, py::int_>>& kwargs) {
  std::vector<std::pair<std::string, Operand>> sizes;
  for (const auto& [name, size] : kwargs) {
    sizes.emplace_back(name.cast<std::string>(), operand_of(size.cast<Argument>()));
  }
  DimHandle bound = with_sizes(d, sizes);
  if (const auto number = literal(bound)) return py::int_(*number);
  return py::cast(std::move(bound));
}

std::pair<std::optional<std::int64_t>, std::optional<std::int64_t>> bounds_of(const DimHandle& d) {
  ArenaLock lock(*d.arena);
  const Bounds b = bounds(d.dim);
  std::pair<std::optional<std::int64_t>, std::optional<std::int64_t>> out;
  if (b.lo != kMinusInf) out.first = b.lo;
  if (b.hi != kPlusInf) out.second = b.hi;
  return out;
}

std::string latex_of(const DimHandle& d) {
  ArenaLock lock(*d.arena);
  return to_latex(d.dim);
}

// Equal Dims are equal in every arena, and a Dim that is a number equals that number: so must their
// hashes.
py::ssize_t hash_of(const DimHandle& d) {
  if (const auto number = literal(d)) return py::hash(py::int_(*number));
  return static_cast<py::ssize_t>(std::hash<std::string>{}(text_of(d)) >> 1);
}

bool equal(const DimHandle& a, const py::object& other) {
  if (py::isinstance<DimHandle>(other)) {
    const auto& b = other.cast<const DimHandle&>();
    return a.arena == b.arena ? a.dim == b.dim : text_of(a) == text_of(b);
  }
  const auto number = literal(a);
  return number && PyIndex_Check(other.ptr()) != 0 && py::int_(*number).equal(other);
}

std::int64_t to_index(const DimHandle& d) {
  if (const auto number = literal(d)) return *number;
  throw Error(ErrorKind::kUnboundSymbol, "symbol-unbound", text_of(d) + " is not a number yet",
              {{"size", text_of(d)}}, {}, "bind its symbols: d.bind(N=8)");
}

Dim add(Dim a, Dim b) { return a + b; }
Dim subtract(Dim a, Dim b) { return a - b; }
Dim multiply(Dim a, Dim b) { return a * b; }

void bind_arithmetic(py::class_<DimHandle>& c) {
  struct Row {
    const char *name, *reflected;
    Dim (*op)(Dim, Dim);
  };
  static constexpr Row kRows[] = {
      {"__add__", "__radd__", add},      {"__sub__", "__rsub__", subtract},
      {"__mul__", "__rmul__", multiply}, {"__floordiv__", "__rfloordiv__", floordiv},
      {"__mod__", "__rmod__", mod},
  };
  for (const Row& row : kRows) {
    c.def(
        row.name, [op = row.op](const DimHandle& a, const Argument& b) { return apply(op, a, b); },
        py::is_operator(), py::arg("other"));
    c.def(
        row.reflected,
        [op = row.op](const DimHandle& a, const Argument& b) { return apply(op, b, a); },
        py::is_operator(), py::arg("other"));
  }
  c.def("__neg__", [](const DimHandle& a) { return apply(subtract, std::int64_t{0}, a); });
  c.def_static(
      "max", [](const Argument& a, const Argument& b) { return apply(shapewright::max, a, b); },
      py::arg("a"), py::arg("b"), "The larger of two sizes.");
  c.def_static(
      "min", [](const Argument& a, const Argument& b) { return apply(shapewright::min, a, b); },
      py::arg("a"), py::arg("b"), "The smaller of two sizes.");
  c.def_static(
      "ceildiv", [](const Argument& a, const Argument& b) { return apply(ceildiv, a, b); },
      py::arg("a"), py::arg("b"), "a / b rounded up.");
}

void bind_comparisons(py::class_<DimHandle>& c) {
  c.def("__eq__", &equal, py::arg("other"));
  c.def("__hash__", hash_of);
  c.def(
      "__lt__",
      [](const DimHandle& a, const Argument& b) { return decide(ask(prove_lt, a, b), "<", a, b); },
      py::is_operator(), py::arg("other"));
  c.def(
      "__le__",
      [](const DimHandle& a, const Argument& b) { return decide(ask(prove_le, a, b), "<=", a, b); },
      py::is_operator(), py::arg("other"));
  c.def(
      "__gt__",
      [](const DimHandle& a, const Argument& b) { return decide(ask(prove_lt, b, a), ">", a, b); },
      py::is_operator(), py::arg("other"));
  c.def(
      "__ge__",
      [](const DimHandle& a, const Argument& b) { return decide(ask(prove_le, b, a), ">=", a, b); },
      py::is_operator(), py::arg("other"));
  c.def("__bool__", [](const DimHandle& a) {
    const Argument zero = std::int64_t{0};
    return !decide(ask(prove_eq, a, zero), "==", a, zero);
  });
}

}  // namespace

void bind_dim(py::module_& m) {
  py::class_<DimHandle> c(
      m, "Dim",
      "A size made of symbols, canonical: equal expressions are equal objects.\n\n"
      ">>> Dim('2*N + N') == Dim('3*N')\nTrue\n\n"
      "`//` and `%` have floor semantics; int64 overflow raises.");
  c.def(py::init(&parse), py::arg("text"));
  c.def(py::init([](const Argument& value) {
          const Operand operand = operand_of(value);
          if (const auto* handle = std::get_if<DimHandle>(&operand)) return *handle;
          return DimHandle{user_arena(), Dim(std::get<std::int64_t>(operand)), {}};
        }),
        py::arg("value"));
  c.def("bind", &bind_python,
        "Puts sizes in for symbols: a Dim, or an int once nothing is left free.");
  c.def_property_readonly(
      "symbols", [](const DimHandle& d) { return py::frozenset(py::cast(symbol_names(d))); },
      "Names of the symbols, as a frozenset.");
  c.def_property_readonly("bounds", &bounds_of, "(lower, upper); None where there is no bound.");
  c.def("latex", &latex_of, "The size as LaTeX, without dollar signs.");
  c.def("_repr_latex_", [](const DimHandle& d) { return "$" + latex_of(d) + "$"; });
  c.def("__str__", [](const DimHandle& d) { return text_of(d); });
  c.def("__repr__", [](const DimHandle& d) { return "Dim('" + text_of(d) + "')"; });
  c.def("__index__", &to_index);
  c.def("__int__", &to_index);
  c.def(py::pickle([](const DimHandle& d) { return text_of(d); }, &parse));
  bind_arithmetic(c);
  bind_comparisons(c);

  m.def(
      "prove_le",
      [](const Argument& a, const Argument& b) { return as_optional(ask(prove_le, a, b)); },
      py::arg("a"), py::arg("b"), "Is a <= b for every size of the symbols? None if it depends.");
  m.def(
      "prove_eq",
      [](const Argument& a, const Argument& b) { return as_optional(ask(prove_eq, a, b)); },
      py::arg("a"), py::arg("b"), "Is a == b for every size of the symbols? None if it depends.");
}

}  // namespace shapewright
