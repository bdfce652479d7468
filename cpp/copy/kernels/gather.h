// Any tile, item by item. The reference: it reads and writes nothing but the items.
#pragma once

template <int W>
inline void move_item(Byte* to, const Byte* from) {
  __builtin_memcpy(to, from, W);
}
template <class Move>
inline void gather_items(const TileShape& t, const Byte* src, Byte* out, I64 bytes, I64 ahead,
                         Move move) {
  for (I64 o = 0; o < t.outers; ++o) {
    if (ahead != 0)
      for (I64 r = 0; r < t.rows; ++r)
        prefetch_run(src + t.outer_src[o] + t.row_src[r] + ahead, t.cols * bytes);
    for (I64 c = 0; c < t.cols; ++c) {
      const Byte* from = src + t.outer_src[o] + c * bytes;
      Byte* to = out + t.outer_out[o] + t.col_out[c];
      for (I64 r = 0; r < t.rows; ++r) move(to + r * bytes, from + t.row_src[r]);
    }
  }
}

void gather(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  const I64 bytes = t.item_bytes;
  switch (bytes) {
    case 1: return gather_items(t, src, out, 1, ahead, move_item<1>);
    case 2: return gather_items(t, src, out, 2, ahead, move_item<2>);
    case 3: return gather_items(t, src, out, 3, ahead, move_item<3>);
    case 4: return gather_items(t, src, out, 4, ahead, move_item<4>);
    case 6: return gather_items(t, src, out, 6, ahead, move_item<6>);
    case 8: return gather_items(t, src, out, 8, ahead, move_item<8>);
    case 12: return gather_items(t, src, out, 12, ahead, move_item<12>);
    case 16: return gather_items(t, src, out, 16, ahead, move_item<16>);
    case 24: return gather_items(t, src, out, 24, ahead, move_item<24>);
    case 32: return gather_items(t, src, out, 32, ahead, move_item<32>);
    case 48: return gather_items(t, src, out, 48, ahead, move_item<48>);
    case 64: return gather_items(t, src, out, 64, ahead, move_item<64>);
    default: break;
  }
  const auto move = [&](auto with) {
    gather_items(t, src, out, bytes, ahead,
                 [=](Byte* to, const Byte* from) { with(to, from, bytes); });
  };
  if (bytes > 128) return move([](Byte* to, const Byte* from, I64 n) { copy_run(to, from, n); });
  if (bytes > 64)
    return move([](Byte* to, const Byte* from, I64 n) { move_between<64>(to, from, n); });
  if (bytes > 32)
    return move([](Byte* to, const Byte* from, I64 n) { move_between<32>(to, from, n); });
  if (bytes > 16)
    return move([](Byte* to, const Byte* from, I64 n) { move_between<16>(to, from, n); });
  if (bytes > 8)
    return move([](Byte* to, const Byte* from, I64 n) { move_between<8>(to, from, n); });
  if (bytes > 4)
    return move([](Byte* to, const Byte* from, I64 n) { move_between<4>(to, from, n); });
}
