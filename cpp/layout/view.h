// A chain of reshapes, permutations, slices, flips, pads, rolls and joins, before anything moves.
//
// The result of the chain is cut into boxes (box.h), one for each region that is read at constant
// strides or filled. A chain is one pass over memory unless some reshape or stepped slice divides
// nowhere: then what came before it is written to a dense scratch array first.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "layout/box.h"
#include "layout/piece.h"

namespace shapewright {

struct Stage {
  Sizes shape;
  Boxes boxes;  // each index of the shape is in one of them
};

struct View {
  Sizes shape;  // of the result
  // What is being built. Its shape differs from the result's while a reshape that divides nowhere
  // waits: a dense destination takes it as it is.
  Stage stage;
  // Passes before it, in order; each writes a dense scratch that the next reads as source 0.
  // Addresses are bytes in the first pass and elements of the scratch in later ones.
  std::vector<Stage> done;
  std::vector<Sizes> sources;  // shapes of the arrays read
  std::string why;             // why there are passes before
  std::string clash;           // why the reshape waits
};

// Axes may count from the end. Errors are of kind kLayout.
View source_view(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides_bytes);
View dense_view(std::span<const std::int64_t> shape, std::int64_t item_bytes);

View reshape(View view, std::span<const std::int64_t> shape);  // one -1 stands for what is left
View permute(View view, std::span<const int> perm);
View flip(View view, int axis);
// As Python slices: ends are clamped, a negative one counts from the end.
View slice(View view, int axis, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
           std::int64_t step = 1);
View select(View view, int axis, std::int64_t index);         // one index; the axis goes
View expand(View view, std::span<const std::int64_t> shape);  // as numpy.broadcast_to
View pad(View view, std::span<const std::pair<std::int64_t, std::int64_t>> before_after);
View roll(View view, int axis, std::int64_t shift);
// The sources of the result are those of the views one after the other.
View concatenate(std::vector<View> views, int axis);
View stack(std::vector<View> views, int axis);

// Writes what is there to a dense scratch and goes on from it.
View materialize(View view, const std::string& why);

// Where a rearrangement is written. `strides_bytes` empty: dense, in C order. `params`, one entry
// for each axis or none: elements from one index to the next in the arrays of scale and bias.
struct Destination {
  std::int64_t item_bytes = 1;
  Sizes strides_bytes;
  Sizes params;
};

Rearrangement lower(View view, std::int64_t src_item_bytes, const Destination& destination);
Rearrangement lower(View view, std::int64_t item_bytes);  // dense, nothing cast

// The way back: a view of the dense result that has the shape of the source. Throws where the view
// is no bijection of the elements of one dense source.
View inverse(const View& view, std::int64_t item_bytes);

// One fact a line: shape, passes, pieces with their digits, bytes, and why there is a second pass.
std::string explain(const Rearrangement& r, std::int64_t src_item_bytes,
                    std::int64_t dst_item_bytes);

}  // namespace shapewright
