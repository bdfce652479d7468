// The parts of DLPack's binary interface that are used here (dlpack.h of DLPack 1.3), for reading
// tensors of another library without a call of Python each.
#pragma once

#include <cstdint>

namespace shapewright::dlpack {

inline constexpr std::uint32_t kMajor = 1;   // of the interface; another one is not read
inline constexpr std::int32_t kCuda = 2;     // a device type
inline constexpr std::uint8_t kComplex = 5;  // a code of DataType

struct Version {
  std::uint32_t major, minor;
};

struct Device {
  std::int32_t type, id;
};

struct DataType {
  std::uint8_t code, bits;
  std::uint16_t lanes;
};

struct Tensor {
  void* data;
  Device device;
  std::int32_t rank;
  DataType dtype;
  const std::int64_t* shape;
  const std::int64_t* strides;  // in elements; null for C order
  std::uint64_t byte_offset;
};

// What `type.__dlpack_c_exchange_api__` holds, in a capsule of this name.
inline constexpr const char* kExchangeCapsule = "dlpack_exchange_api";
struct ExchangeApi {
  Version version;
  ExchangeApi* previous;
  void (*unused[3])();                          // allocation, and tensors that own their memory
  int (*tensor_of)(void* object, Tensor* out);  // borrowed; 0 if it could be read
  int (*current_stream)(std::int32_t device_type, std::int32_t device, void** out);
};

}  // namespace shapewright::dlpack
