// Arithmetic that reports instead of throwing or widening; for the other operations of dim/.
#pragma once

#include "dim/poly.h"

namespace shapewright::algebra {

[[noreturn, gnu::cold]] void overflow(Dim a, const char* op, Dim b);
std::optional<Dim> try_linear(State& s, Dim a, Dim b, std::int64_t factor);  // a + factor * b
std::optional<Dim> try_mul(State& s, Dim a, Dim b);

}  // namespace shapewright::algebra
