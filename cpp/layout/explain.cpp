#include <algorithm>

#include "layout/checks.h"
#include "layout/view.h"

namespace shapewright {
namespace {

constexpr std::size_t kPiecesShown = 12;

std::string text(std::int64_t n) { return std::to_string(n); }

std::string counted(std::size_t n, const char* what) {
  return text(static_cast<std::int64_t>(n)) + " " + what + (n == 1 ? "" : "s");
}

std::string describe(const Piece& p) {
  std::string sizes, src, dst;
  for (const Digit& d : p.digits) {
    sizes += (sizes.empty() ? "" : " x ") + text(d.size);
    src += " " + text(d.src);
    dst += " " + text(d.dst);
  }
  const bool is_fill = p.source == kFill;
  std::string s = is_fill ? "fill" : "source " + text(p.source) + " at " + text(p.src_offset);
  s += " -> " + text(p.dst_offset) + ": ";
  if (p.digits.empty()) return s + "1";
  return s + sizes + (is_fill ? "" : ", src" + src) + ", dst" + dst;
}

std::int64_t elements_of(const Piece& p) {
  std::int64_t n = 1;
  for (const Digit& d : p.digits) n *= d.size;
  return n;
}

}  // namespace

std::string explain(const Rearrangement& r, std::int64_t src_item_bytes,
                    std::int64_t dst_item_bytes) {
  std::int64_t read = 0, written = 0;
  std::string pieces;
  for (std::size_t k = 0; k < r.passes.size(); ++k) {
    const Pass& pass = r.passes[k];
    const bool is_last = k + 1 == r.passes.size();
    pieces += "pass " + text(static_cast<std::int64_t>(k) + 1) + "  " +
              counted(pass.pieces.size(), "piece") +
              (is_last ? " into the destination\n"
                       : " into a scratch of " + text(pass.scratch_bytes) + " bytes\n");
    for (std::size_t i = 0; i < pass.pieces.size(); ++i) {
      const Piece& p = pass.pieces[i];
      if (p.source != kFill) read += elements_of(p) * src_item_bytes;
      written += elements_of(p) * (is_last ? dst_item_bytes : src_item_bytes);
      if (i < kPiecesShown) pieces += "  " + describe(p) + "\n";
    }
    if (pass.pieces.size() > kPiecesShown)
      pieces +=
          "  and " + text(static_cast<std::int64_t>(pass.pieces.size() - kPiecesShown)) + " more\n";
  }
  std::string out = "shape   " + to_text(r.shape) + "\n";
  out += "passes  " + text(static_cast<std::int64_t>(r.passes.size())) + "\n";
  out += "bytes   " + text(read) + " read, " + text(written) + " written\n";
  out += pieces;
  if (!r.why.empty()) out += "why     " + r.why + "\n";
  out.pop_back();
  return out;
}

}  // namespace shapewright
