// Lets an extension built by g++ 11 or newer load where the C++ runtime is older (manylinux_2_28).
//
// Headers of g++ 11 and of glibc 2.33 refer to symbols that an older libstdc++.so.6 and libc.so.6
// do not have. They are defined here in terms of what those libraries do have, and stay inside this
// module (exports.map). `tools/check_wheel.py` finds any further one, which is most often better
// avoided: std::filesystem, the default constructor of std::ostringstream, to_chars and from_chars
// of double, std::condition_variable::wait, std::mutex::try_lock.
#include <new>

#if defined(__GLIBC__) && defined(__GLIBCXX__) && defined(__LP64__)
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// What the older libraries have, by its linker name: the constructor that takes a reference, and
// the destructor that drops its member's. Those of exception_ptr itself are inline in newer
// headers.
void exception_ptr_from(void** self, void* exception) noexcept
    __asm__("_ZNSt15__exception_ptr13exception_ptrC1EPv");
void nested_exception_destroy(void** self) noexcept __asm__("_ZNSt16nested_exceptionD1Ev");

// What the newer headers call. Weak, for a runtime that is linked in has them too.
extern "C" char __libc_single_threaded;
[[gnu::weak]] void exception_ptr_addref(void** self) noexcept
    __asm__("_ZNSt15__exception_ptr13exception_ptr9_M_addrefEv");
[[gnu::weak]] void exception_ptr_release(void** self) noexcept
    __asm__("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
[[noreturn, gnu::weak]] void throw_bad_array_new_length() __asm__(
    "_ZSt28__throw_bad_array_new_lengthv");

char __libc_single_threaded = 0;  // no: reference counts are always atomic

void exception_ptr_addref(void** self) noexcept {
  void* copy;  // never destroyed, so its reference stays
  exception_ptr_from(&copy, *self);
}

void exception_ptr_release(void** self) noexcept {
  void* nested[] = {nullptr, *self};  // a std::nested_exception: its vtable, its exception_ptr
  nested_exception_destroy(nested);
  *self = nullptr;
}

void throw_bad_array_new_length() { throw std::bad_array_new_length(); }

// Before glibc 2.33 a macro. On 64-bit machines the kernel's struct stat is glibc's.
int fstat(int descriptor, struct stat* status) noexcept {
  return static_cast<int>(syscall(SYS_fstat, descriptor, status));
}

// Moved to libc.so.6 in glibc 2.34; std::call_once of pybind11/numpy.h needs it. The control goes
// from 0 (never) by 1 (running) to 2 (done), and back to 0 where the routine throws.
int pthread_once(pthread_once_t* control, void (*routine)()) {
  for (;;) {
    int state = 0;
    if (__atomic_compare_exchange_n(control, &state, 1, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_ACQUIRE)) {
      try {
        routine();
      } catch (...) {
        __atomic_store_n(control, 0, __ATOMIC_RELEASE);
        throw;
      }
      __atomic_store_n(control, 2, __ATOMIC_RELEASE);
      return 0;
    }
    if (state == 2) return 0;
    sched_yield();
  }
}

#endif
