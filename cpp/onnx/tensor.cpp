#include "onnx/tensor.h"

#include <array>
#include <charconv>
#include <optional>

#include "graph/tensor_type.h"

namespace shapewright::onnx {
namespace {

// Numbers of TensorProto.
enum : std::uint32_t {
  kDims = 1,
  kDataType = 2,
  kFloatData = 4,
  kInt32Data = 5,
  kStringData = 6,
  kInt64Data = 7,
  kName = 8,
  kRawData = 9,
  kDoubleData = 10,
  kUint64Data = 11,
  kExternalData = 13,
  kDataLocation = 14,
};

struct TensorFields {
  std::string_view name, raw;
  std::int64_t type_code = 0;
  bool is_external = false, has_typed = false;
  std::size_t rank = 0;
  std::array<std::int64_t, kMaxRank> dims;  // the first `rank`

  void add_dim(std::uint64_t dim) {
    if (rank == dims.size()) {
      throw Error(ErrorKind::kLimit, "rank-limit",
                  "Constant '" + std::string(name) + "' has more than 64 dims");
    }
    dims[rank++] = static_cast<std::int64_t>(dim);
  }
  void add_dims(const Source& source, std::string_view packed_dims) {
    Message packed(source, packed_dims, "TensorProto.dims");
    while (!packed.at_end()) add_dim(packed.varint());
  }
};

void read_fields(const Source& source, std::string_view bytes, TensorFields& tensor) {
  Message fields(source, bytes, "TensorProto");
  for (Field field; fields.next(field);) {
    switch (field.tag) {
      case tag(kDims, kVarint): tensor.add_dim(field.number); break;
      case tag(kDims, kBytes): tensor.add_dims(source, field.bytes); break;
      case tag(kDataType, kVarint): tensor.type_code = field.integer(); break;
      case tag(kName, kBytes): tensor.name = field.bytes; break;
      case tag(kRawData, kBytes): tensor.raw = field.bytes; break;
      case tag(kDataLocation, kVarint): tensor.is_external = field.number == 1; break;
      case tag(kFloatData, kBytes):
      case tag(kFloatData, kFixed32):
      case tag(kInt32Data, kBytes):
      case tag(kInt32Data, kVarint):
      case tag(kInt64Data, kBytes):
      case tag(kInt64Data, kVarint):
      case tag(kDoubleData, kBytes):
      case tag(kDoubleData, kFixed64):
      case tag(kUint64Data, kBytes):
      case tag(kUint64Data, kVarint): tensor.has_typed = true; break;
      default: break;
    }
  }
}

std::string text_of(const std::vector<std::int64_t>& dims) {
  std::string text = "[";
  for (std::int64_t d : dims) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(d);
  }
  return text += ']';
}

void lose_dims(ConstantTensor& tensor, std::string_view fault, const char* before,
               const char* after) {
  tensor.fault = fault;
  tensor.detail = before + text_of(tensor.data.dims) + after;
  tensor.dims_lost = true;
}

// The number of elements; nothing, and a fault, for dims that are negative or overflow.
std::optional<std::int64_t> count_elements(ConstantTensor& tensor) {
  std::int64_t signs = 0;
  for (std::int64_t d : tensor.data.dims) signs |= d;
  std::optional<std::int64_t> elements;
  if (signs < 0) {
    lose_dims(tensor, "negative-dim", "has a negative dim in ", "");
  } else if (!(elements = num_elements(tensor.data.dims))) {
    lose_dims(tensor, "dim-overflow", "has dims ", ", more than 2^63 elements");
  }
  return elements;
}

// Whether a rule may ask for the elements. None asks for those of 6 bits, which typed fields hold
// in another form than raw data does.
bool wanted(DType dtype, std::int64_t elements) {
  if (info(dtype).bits == 6) return false;
  switch (info(dtype).kind) {
    case DTypeClass::kSigned:
    case DTypeClass::kUnsigned:
    case DTypeClass::kBool: return elements <= TensorData::kMaxElements;
    case DTypeClass::kFloat: return elements <= kMaxFloatElements;
    default: return false;
  }
}

// The strings of a tensor, where they are few; a fault if they are not as many as the dims say.
void read_texts(const Source& source, std::string_view message, std::int64_t elements,
                ConstantTensor& tensor) {
  TensorData& data = tensor.data;
  std::int64_t entries = 0;
  bool is_small = elements <= TensorData::kMaxElements;
  Message fields(source, message, "TensorProto");
  for (Field field; fields.next(field);) {
    if (field.tag != tag(kStringData, kBytes)) continue;
    ++entries;
    is_small = is_small && entries <= elements && field.bytes.size() <= TensorData::kMaxTextBytes &&
               data.bytes.size() <= TensorData::kMaxTextBytes;
    if (is_small) data.add_text(field.bytes);
  }
  if (entries == elements && is_small) {
    data.has_data = true;
    return;
  }
  data.bytes.clear();
  if (entries == elements || entries == 0) return;
  tensor.fault = "constant-data-size";
  tensor.detail = "has " + std::to_string(entries) + " strings, but string" + text_of(data.dims) +
                  " takes " + std::to_string(elements);
}

// Which typed field holds the elements of a dtype, and how many bytes of an entry count.
struct TypedField {
  std::uint32_t number = 0;
  int entry_bytes = 0;
};

TypedField typed_field(DType dtype) {
  switch (dtype) {
    case DType::kF32: return {kFloatData, 4};
    case DType::kF64: return {kDoubleData, 8};
    case DType::kI64: return {kInt64Data, 8};
    case DType::kU64: return {kUint64Data, 8};
    case DType::kU32: return {kUint64Data, 4};
    case DType::kUnknown:
    case DType::kC64:
    case DType::kC128:
    case DType::kString: return {};
    default:  // an entry of a sub-byte type is one packed byte
      return {kInt32Data, info(dtype).bits < 8 ? 1 : info(dtype).bits / 8};
  }
}

// Appends the entries of the typed field, packed or not, until `bytes` would pass `most`. False if
// it would.
bool read_entries(const Source& source, std::string_view message, const TypedField& typed,
                  std::size_t most, std::vector<std::byte>& bytes) {
  const bool is_float_data = typed.number == kFloatData, is_double = typed.number == kDoubleData;
  const WireType single = is_float_data ? kFixed32 : is_double ? kFixed64 : kVarint;
  const auto append = [&](std::uint64_t entry) {
    if (bytes.size() + static_cast<std::size_t>(typed.entry_bytes) > most) return false;
    for (int i = 0; i < typed.entry_bytes; ++i) {
      bytes.push_back(static_cast<std::byte>(entry >> (8 * i)));
    }
    return true;
  };
  Message fields(source, message, "TensorProto");
  for (Field field; fields.next(field);) {
    if (field.tag == tag(typed.number, single)) {
      if (!append(field.number)) return false;
    } else if (field.tag == tag(typed.number, kBytes)) {
      Message packed(source, field.bytes, "TensorProto data");
      while (!packed.at_end()) {
        if (!append(single == kVarint ? packed.varint() : packed.fixed(typed.entry_bytes))) {
          return false;
        }
      }
    }
  }
  return true;
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

ExternalLocation read_location(const Source& source, std::string_view tensor) {
  ExternalLocation location;
  Message fields(source, tensor, "TensorProto");
  for (Field field; fields.next(field);) {
    if (field.tag != tag(kExternalData, kBytes)) continue;
    std::string_view key, value;
    Message entry(source, field.bytes, "StringStringEntryProto");
    for (Field part; entry.next(part);) {
      if (part.tag == tag(1, kBytes)) key = part.bytes;
      if (part.tag == tag(2, kBytes)) value = part.bytes;
    }
    if (key == "location") location.path = value;
    if (key == "offset") location.offset = number_of(value).value_or(-1);
  }
  return location;
}

}  // namespace

ConstantTensor read_tensor(const Source& source, std::string_view bytes, ExternalData& external) {
  TensorFields fields;
  read_fields(source, bytes, fields);
  ConstantTensor tensor;
  TensorData& data = tensor.data;
  tensor.name = fields.name;
  data.dims.assign(fields.dims.data(), fields.dims.data() + fields.rank);
  data.dtype = dtype_from_onnx(fields.type_code);
  if (data.dtype == DType::kUnknown) {
    tensor.fault = "dtype-unknown";
    tensor.detail = "has element type " + std::to_string(fields.type_code) + ", which is not known";
  }
  const std::optional<std::int64_t> elements = count_elements(tensor);
  if (!elements || data.dtype == DType::kUnknown) return tensor;
  if (data.dtype == DType::kString) {
    if (!fields.is_external) read_texts(source, bytes, *elements, tensor);
    return tensor;
  }
  const std::optional<std::int64_t> size = packed_bytes(data.dtype, *elements);
  if (!size) {
    lose_dims(tensor, "dim-overflow", "has dims ", ", more than 2^63 bytes");
    return tensor;
  }

  const auto needed = static_cast<std::size_t>(*size);
  const bool keep = wanted(data.dtype, *elements);
  const auto wrong_size = [&](const std::string& given) {
    tensor.fault = "constant-data-size";
    tensor.detail = "has " + given + " bytes of data, but " + std::string(name_of(data.dtype)) +
                    text_of(data.dims) + " takes " + std::to_string(needed);
  };
  if (fields.is_external) {
    if (!keep) return tensor;
    if (auto read = external.read(read_location(source, bytes), needed)) {
      data.bytes = *std::move(read);
      data.has_data = true;
    }
  } else if (!fields.raw.empty() || (needed == 0 && !fields.has_typed)) {
    if (fields.raw.size() != needed) {
      wrong_size(std::to_string(fields.raw.size()));
    } else if (keep) {
      const auto* const first = reinterpret_cast<const std::byte*>(fields.raw.data());
      data.bytes.assign(first, first + needed);
      data.has_data = true;
    }
  } else if (fields.has_typed && keep) {
    const bool all = read_entries(source, bytes, typed_field(data.dtype), needed, data.bytes);
    data.has_data = all && data.bytes.size() == needed;
    if (!data.has_data) {
      wrong_size(all ? std::to_string(data.bytes.size()) : "more than " + std::to_string(needed));
      data.bytes.clear();
    }
  }
  return tensor;
}

ConstantTensor read_sparse_tensor(const Source& source, std::string_view bytes,
                                  ExternalData& external) {
  ConstantTensor dense;
  TensorFields dims;
  Message fields(source, bytes, "SparseTensorProto");
  for (Field field; fields.next(field);) {
    if (field.tag == tag(1, kBytes)) {
      const ConstantTensor values = read_tensor(source, field.bytes, external);
      dense.name = dims.name = values.name;
      dense.data.dtype = values.data.dtype;
    } else if (field.tag == tag(3, kVarint)) {
      dims.add_dim(field.number);
    } else if (field.tag == tag(3, kBytes)) {
      dims.add_dims(source, field.bytes);
    }
  }
  dense.data.dims.assign(dims.dims.data(), dims.dims.data() + dims.rank);
  count_elements(dense);
  return dense;
}

}  // namespace shapewright::onnx
