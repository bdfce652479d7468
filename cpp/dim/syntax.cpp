// The grammar of sizes: text to syntax tree, by recursive descent with a limit on nesting.
#include "dim/syntax.h"

#include <utility>

#include "base/error.h"
#include "dim/dim.h"

namespace shapewright::algebra {
namespace {

constexpr std::size_t kMaxNesting = 64;
constexpr std::size_t kMaxTextBytes = 64 * 1024;

std::string excerpt(std::string_view text) {
  return text.size() <= 80 ? std::string(text) : std::string(text.substr(0, 77)) + "...";
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Node> read() {
    if (text_.size() > kMaxTextBytes)
      limit("is longer than " + std::to_string(kMaxTextBytes) + " bytes");
    sum();
    skip_space();
    if (at_ != text_.size()) fail("expected an operator");
    check_numbers();
    return std::move(nodes_);
  }

  [[noreturn]] void fail(const std::string& what) const { fail(what, at_); }
  [[noreturn]] void fail(const std::string& what, std::size_t position) const {
    syntax_error(text_, what, position);
  }

 private:
  [[noreturn]] void limit(const std::string& what) const {
    throw Error(ErrorKind::kLimit, "dim-limit", "size expression '" + excerpt(text_) + "' " + what,
                {{"text", excerpt(text_)}, {"position", std::to_string(at_)}});
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool accept(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  bool ahead(std::string_view token) {
    skip_space();
    return text_.substr(at_).starts_with(token);
  }
  // 2^63 is a number only under a minus sign.
  void check_numbers() const {
    std::vector<bool> negated(nodes_.size());
    for (const Node& n : nodes_) {
      if (n.kind == Node::kNegate) negated[n.operands[0]] = true;
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].number > static_cast<std::uint64_t>(kPlusInf) && !negated[i]) {
        fail("the number does not fit in 64 bits", nodes_[i].position);
      }
    }
  }
  std::size_t add(Node node) {
    nodes_.push_back(std::move(node));
    return nodes_.size() - 1;
  }
  std::size_t binary(Node::Kind kind, std::size_t position, std::size_t a, std::size_t b) {
    return add({.kind = kind, .position = position, .operands = {a, b}});
  }

  struct Nested {
    Reader& reader;
    explicit Nested(Reader& r) : reader(r) {
      if (++reader.depth_ > kMaxNesting)
        reader.limit("nests deeper than " + std::to_string(kMaxNesting));
    }
    ~Nested() { --reader.depth_; }
  };

  std::size_t sum() {
    std::size_t left = product();
    for (;;) {
      skip_space();
      const std::size_t position = at_;
      if (accept("+")) {
        left = binary(Node::kAdd, position, left, product());
      } else if (accept("-")) {
        left = binary(Node::kSubtract, position, left, product());
      } else {
        return left;
      }
    }
  }

  std::size_t product() {
    std::size_t left = unary();
    for (;;) {
      skip_space();
      const std::size_t position = at_;
      if (accept("//")) {
        left = binary(Node::kFloorDivide, position, left, unary());
      } else if (accept("/")) {
        left = binary(Node::kFraction, position, left, unary());
      } else if (accept("%")) {
        left = binary(Node::kRemainder, position, left, unary());
      } else if (accept("*")) {
        left = binary(Node::kMultiply, position, left, unary());
      } else {
        return left;
      }
    }
  }

  std::size_t unary() {
    const Nested guard(*this);
    skip_space();
    const std::size_t position = at_;
    if (accept("+")) return unary();
    if (accept("-"))
      return add({.kind = Node::kNegate, .position = position, .operands = {unary()}});
    const std::size_t base = primary();
    skip_space();
    const std::size_t power = at_;
    if (!accept("**")) return base;
    return binary(Node::kRaise, power, base, unary());
  }

  std::size_t primary() {
    skip_space();
    const std::size_t position = at_;
    if (at_ == text_.size()) fail("expected a size but the text ends");
    if (accept("(")) {
      const std::size_t inner = sum();
      if (!accept(")")) fail("expected ')'");
      return inner;
    }
    if (text_[at_] == '"') return quoted_name();
    if (is_digit(text_[at_])) return number();
    if (!is_name_start(text_[at_])) fail(std::string("unexpected '") + text_[at_] + "'");
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    std::string name(text_.substr(position, at_ - position));
    if (!ahead("("))
      return add({.kind = Node::kSymbol, .position = position, .name = std::move(name)});
    const FunctionName* function = find_function(name);
    if (function == nullptr) fail("'" + name + "' is not a function", position);
    return call(*function, position);
  }

  std::size_t call(const FunctionName& function, std::size_t position) {
    accept("(");
    std::vector<std::size_t> operands{sum()};
    while (accept(",")) operands.push_back(sum());
    if (!accept(")")) fail("expected ',' or ')'");
    if (operands.size() < function.min_args || operands.size() > function.max_args) {
      fail(std::string(function.name) + " takes " + std::to_string(function.min_args) +
               " operands, not " + std::to_string(operands.size()),
           position);
    }
    return add({.kind = Node::kCall,
                .position = position,
                .function = function.function,
                .operands = std::move(operands)});
  }

  std::size_t number() {
    const std::size_t position = at_;
    std::uint64_t value = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
          __builtin_add_overflow(value, digit, &value) || value > std::uint64_t{1} << 63) {
        fail("the number does not fit in 64 bits", position);
      }
    }
    if (at_ < text_.size() && (is_name_char(text_[at_]) || text_[at_] == '.'))
      fail("malformed number", position);
    return add({.kind = Node::kNumber, .position = position, .number = value});
  }

  std::size_t quoted_name() {
    const std::size_t position = at_++;
    std::string name;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_];
    }
    if (!accept("\"")) fail("the quoted name does not end", position);
    return add({.kind = Node::kSymbol, .position = position, .name = std::move(name)});
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0;
  std::vector<Node> nodes_;
};

}  // namespace

void syntax_error(std::string_view text, const std::string& what, std::size_t position) {
  throw Error(
      ErrorKind::kDim, "dim-syntax",
      "'" + excerpt(text) + "' is not a size: " + what + " at position " + std::to_string(position),
      {{"text", excerpt(text)}, {"position", std::to_string(position)}});
}

std::vector<Node> read_syntax(std::string_view text) { return Reader(text).read(); }

}  // namespace shapewright::algebra
