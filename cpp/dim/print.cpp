// Text and LaTeX of an expression. The budgets of DimBudget bound its length; widened symbols print
// as their names.
#include <algorithm>

#include "base/checked.h"
#include "dim/poly.h"
#include "dim/text.h"

namespace shapewright::algebra {
namespace {

enum class Style { kText, kLatex };
enum Precedence { kSum, kProduct, kPower, kPrimary };

struct Piece {
  std::string text;
  Precedence precedence;
};

// A summand: sign and magnitude apart from the body, an empty body for a constant.
struct Summand {
  std::int64_t coeff;
  std::uint32_t degree = 0;
  bool compound = false;  // some factor is not a symbol
  std::vector<Piece> factors;
  std::string key;
};

class Printer {
 public:
  Printer(const State& s, Style style) : s_(s), style_(style) {}

  Piece render(Dim d) const {
    std::vector<Summand> sum = summands(d);
    if (sum.empty()) return {"0", kPrimary};
    std::string text;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      // -INT64_MIN is no literal, so its sign stays with the number.
      const bool subtract = i > 0 && sum[i].coeff < 0 && sum[i].coeff != kMinusInf;
      if (i > 0) text += subtract ? " - " : " + ";
      text += product(sum[i], subtract, i == 0);
    }
    if (sum.size() > 1 || sum[0].coeff < 0) return {text, kSum};
    if (sum[0].factors.empty()) return {text, kPrimary};
    if (sum[0].coeff != 1 || sum[0].factors.size() > 1) return {text, kProduct};
    return {text, sum[0].factors[0].precedence};
  }

 private:
  bool latex() const { return style_ == Style::kLatex; }

  std::string bracketed(const std::string& text) const {
    return latex() ? "\\left(" + text + "\\right)" : "(" + text + ")";
  }
  std::string at_least(const Piece& p, Precedence needed) const {
    return p.precedence < needed ? bracketed(p.text) : p.text;
  }

  std::string product(const Summand& t, bool subtract, bool leading) const {
    const std::uint64_t size = magnitude(t.coeff);
    std::string out = t.coeff < 0 && !subtract ? "-" : "";
    if (t.factors.empty()) return out + std::to_string(size);
    std::size_t pieces = t.factors.size();
    if (size != 1) {
      out += std::to_string(size);
      ++pieces;
    }
    // `-a//b` would negate a alone.
    const bool lone = pieces == 1 && !(leading && t.coeff < 0);
    for (std::size_t i = 0; i < t.factors.size(); ++i) {
      if (i > 0 || size != 1) out += latex() ? " " : "*";
      out += lone ? t.factors[i].text : at_least(t.factors[i], kPower);
    }
    return out;
  }

  std::vector<Summand> summands(Dim d) const {
    Poly p(view(s_, d));
    std::vector<Summand> out;
    extract_remainders(p, out);
    for (const Term& t : p.terms) out.push_back(monomial(t));
    std::ranges::sort(out, [](const Summand& x, const Summand& y) {
      if (x.degree != y.degree) return x.degree > y.degree;
      if (x.compound != y.compound) return y.compound;
      return x.key < y.key;
    });
    const auto positive = std::ranges::find_if(out, [](const Summand& t) { return t.coeff > 0; });
    if (positive != out.end() && positive->degree == out[0].degree)
      std::rotate(out.begin(), positive, positive + 1);
    if (p.constant != 0) out.push_back({p.constant, 0, false, {}, {}});
    return out;
  }

  // Takes out of p every c * (E - k * (E // k)) that is there in full, as c * (E % k).
  void extract_remainders(Poly& p, std::vector<Summand>& out) const {
    for (std::size_t i = 0; i < p.terms.size(); ++i) {
      const Monomial& m = s_.monomials[p.terms[i].mono];
      if (m.degree != 1) continue;
      const Atom& atom = s_.atoms[m.factors[0].atom];
      if (atom.kind != AtomKind::kFloorDiv) continue;
      const PolyView dividend = view(s_, atom.args[0]), divisor = view(s_, atom.args[1]);
      if (!divisor.terms.empty() || divisor.constant < 2 ||
          p.terms[i].coeff % divisor.constant != 0)
        continue;
      const std::int64_t c = -(p.terms[i].coeff / divisor.constant);
      const bool whole = std::ranges::all_of(dividend.terms, [&](const Term& t) {
        const Term* at = std::ranges::find(p.terms, t.mono, &Term::mono);
        std::int64_t scaled;
        return at != p.terms.end() && !mul_overflows(t.coeff, c, scaled) && at->coeff == scaled;
      });
      Poly rest(p), less;
      if (!whole || !accumulate(rest, p.terms[i].mono, -p.terms[i].coeff)) continue;
      if (!add_scaled(less, rest, dividend, -c)) continue;
      p = less;
      Piece text{at_least(render(atom.args[0]), kPower) + (latex() ? " \\bmod " : " % ") +
                     at_least(render(atom.args[1]), kPower),
                 kProduct};
      std::string key = text.text;
      out.push_back({c, 1, true, {std::move(text)}, std::move(key)});
      i = static_cast<std::size_t>(-1);  // indices moved
    }
  }

  Summand monomial(const Term& t) const {
    const Monomial& m = s_.monomials[t.mono];
    Summand out{t.coeff, m.degree, false, {}, {}};
    std::vector<Piece> compound;
    for (const Factor& f : m.factors) {
      const Atom& atom = s_.atoms[f.atom];
      Piece piece = render_atom(atom);
      if (f.power > 1) {
        const std::string power = std::to_string(f.power);
        piece = {at_least(piece, kPrimary) + (latex() ? "^{" + power + "}" : "**" + power), kPower};
      }
      (atom.kind == AtomKind::kSymbol ? out.factors : compound).push_back(std::move(piece));
    }
    std::ranges::sort(out.factors, {}, &Piece::text);
    std::ranges::sort(compound, {}, &Piece::text);
    out.compound = !compound.empty();
    std::ranges::move(compound, std::back_inserter(out.factors));
    for (const Piece& f : out.factors) out.key += f.text + "*";
    return out;
  }

  Piece render_atom(const Atom& atom) const {
    switch (atom.kind) {
      case AtomKind::kSymbol: return {name(s_.symbols[atom.symbol].name), kPrimary};
      case AtomKind::kFloorDiv: return quotient(atom, true);
      case AtomKind::kExactDiv: {
        if (latex()) return quotient(atom, false);
        // Where the remainder is known to be zero, floor division builds the same atom.
        const Congruence c = congruence_of(s_, atom.args[0]);
        const PolyView divisor = view(s_, atom.args[1]);
        if (divisor.terms.empty() && divisor.constant > 1 && c.modulus % divisor.constant == 0 &&
            c.residue % divisor.constant == 0) {
          return quotient(atom, true);
        }
        return call("exactdiv", atom.args, false);
      }
      case AtomKind::kMax: return call(latex() ? "\\max" : "max", atom.args, true);
      case AtomKind::kMin: return call(latex() ? "\\min" : "min", atom.args, true);
      case AtomKind::kBroadcast:
        return call(latex() ? "\\operatorname{broadcast}" : "broadcast", atom.args, true);
    }
    return {};
  }

  Piece quotient(const Atom& atom, bool floor) const {
    const Piece a = render(atom.args[0]), b = render(atom.args[1]);
    if (!latex()) return {at_least(a, kPower) + "//" + at_least(b, kPower), kProduct};
    const std::string fraction = "\\frac{" + a.text + "}{" + b.text + "}";
    return {floor ? "\\left\\lfloor " + fraction + " \\right\\rfloor" : fraction, kPrimary};
  }

  Piece call(const std::string& function, std::span<const Dim> args, bool sorted) const {
    std::vector<std::pair<bool, std::string>> texts;  // literals last
    for (const Dim d : args) texts.emplace_back(is_literal(s_, d), render(d).text);
    if (sorted) std::ranges::sort(texts);
    std::string inner;
    for (const auto& [literal, text] : texts) inner += (inner.empty() ? "" : ", ") + text;
    return {function + bracketed(inner), kPrimary};
  }

  std::string name(const std::string& raw) const {
    std::string out;
    if (!latex()) {
      if (is_plain_name(raw)) return raw;
      for (const char c : raw) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
      return "\"" + out + "\"";
    }
    for (const char c : raw) {
      if (c == '\\') {
        out += "\\backslash{}";
      } else {
        if (std::string_view("_#$%&{}").find(c) != std::string_view::npos) out += '\\';
        out += c;
      }
    }
    return raw.size() == 1 && is_name_start(raw[0]) ? out : "\\mathrm{" + out + "}";
  }

  const State& s_;
  Style style_;
};

}  // namespace
}  // namespace shapewright::algebra

namespace shapewright {

std::string to_string(Dim d) {
  if (d.is_inline_literal()) return std::to_string(d.inline_literal());
  return algebra::Printer(algebra::current_state(), algebra::Style::kText).render(d).text;
}

std::string to_latex(Dim d) {
  if (d.is_inline_literal()) return std::to_string(d.inline_literal());
  return algebra::Printer(algebra::current_state(), algebra::Style::kLatex).render(d).text;
}

}  // namespace shapewright
