// Fourier transforms over one axis or several.
#pragma once

#include "ops/aten.h"

namespace shapewright::aten {

void fft_row(EagerCall& c);    // complex from real or complex, forward or inverse
void rfft_row(EagerCall& c);   // half of the spectrum of a real tensor
void irfft_row(EagerCall& c);  // and back

}  // namespace shapewright::aten
