"""Elementary functions of vectors by polynomials, accurate to a few units in the last place of float32 everywhere.

Infinite arguments give the limit. NaN gives NaN, so that a diverging training is noticed. Results below the smallest
normal float32 are rounded gradually (gradual underflow). Coefficients are from Cephes' single-precision library
(Moshier 1992); those of `tanh` and `normal_distribution` are weighted least-squares fits in float64, rounded.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false

from netspec.kernels.cpu.language.jit import routine
from netspec.kernels.cpu.language.vector import bits_float, float_bits, fma, maximum, minimum, select, to_float

LOG2_E = 1.44269504088896341
LN2_HIGH = 0.693359375
"""the upper 9 bits of ln 2, so its product with an exponent is exact"""
LN2_LOW = -2.12194440e-4
ROUNDER = 12582912.0
"""1.5 * 2^23: adding it rounds a number to the nearest integer, in the low bits"""
ROUNDER_BITS = 0x4B400000
SQRT_HALF = 0.70710678118654752
SMALLEST_NORMAL = 1.17549435e-38
GUESS_BITS = 0x6F14E800
INVERSE_SQRT_TAU = 0.3989422804014327
"""1 / sqrt(2 pi)"""
TAU = 6.28318530717958648
INFINITY = float("inf")
NOT_A_NUMBER = float("nan")


@routine
def _exp_parts(x):
    """(n, e^r - 1), n an integer vector, for x = n ln 2 + r with |r| <= ln(2)/2; |x| <= 200."""
    shifted = fma(x, LOG2_E, ROUNDER)
    n = shifted - ROUNDER
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x))
    series = fma(r, 1.9875691500e-4, 1.3981999507e-3)
    series = fma(series, r, 8.3334519073e-3)
    series = fma(series, r, 4.1665795894e-2)
    series = fma(series, r, 1.6666665459e-1)
    series = fma(series, r, 5.0000001201e-1)
    return float_bits(shifted) - ROUNDER_BITS, fma(series, r * r, r)


@routine
def _power_of_two(n):
    """2^n for n in -126 … 127; infinity for 128."""
    return bits_float((n + 127) << 23)


@routine
def _scaled(value, n):
    """value * 2^n for n in -250 … 250, as two factors that are each in the range of float32."""
    half = (n + 1024 >> 1) - 512
    return value * _power_of_two(half) * _power_of_two(n - half)


@routine
def exp(x):
    """e^x; infinity from 88.73 up, zero from -103.98 down."""
    n, rest = _exp_parts(minimum(89.0, maximum(-105.0, x)))
    return _scaled(rest + 1.0, n)


@routine
def expm1_of_negative(x):
    """e^x - 1 for x <= 0; the relative error is small near zero as well."""
    n, rest = _exp_parts(maximum(-30.0, x))
    scale = _power_of_two(n)
    return fma(rest, scale, scale - 1.0)


@routine
def log(x):
    """The natural logarithm: -infinity at zero, NaN below."""
    tiny = x < SMALLEST_NORMAL
    bits = float_bits(select(tiny, x * 8388608.0, x))
    exponent = to_float((bits >> 23) - select(tiny, 149, 126))
    mantissa = bits_float((bits & 0x7FFFFF) | 0x3F000000)
    low = mantissa < SQRT_HALF
    exponent = select(low, exponent - 1.0, exponent)
    m = select(low, mantissa + mantissa, mantissa) - 1.0
    series = fma(m, 7.0376836292e-2, -1.1514610310e-1)
    series = fma(series, m, 1.1676998740e-1)
    series = fma(series, m, -1.2420140846e-1)
    series = fma(series, m, 1.4249322787e-1)
    series = fma(series, m, -1.6668057665e-1)
    series = fma(series, m, 2.0000714765e-1)
    series = fma(series, m, -2.4999993993e-1)
    series = fma(series, m, 3.3333331174e-1)
    square = m * m
    rest = fma(exponent, LN2_LOW, series * m * square)
    result = fma(exponent, LN2_HIGH, m + fma(square, -0.5, rest))
    result = select(x < INFINITY, result, x)
    result = select(x == 0.0, -INFINITY, result)
    return select(x < 0.0, NOT_A_NUMBER, result)


@routine
def log1p(x):
    """log(1 + x) for finite x > -1; the relative error is small near zero (Kahan's correction)."""
    whole = x + 1.0
    return log(whole) - ((whole - 1.0) - x) / whole


@routine
def power(x, exponent):
    """x^exponent for x > 0; the error grows with the logarithm of the result."""
    return exp(log(x) * exponent)


@routine
def tanh(x):
    """tanh x: a rational function of degree 9 over 8, within 2e-9, that rounds to 1 from 9.01 up."""
    z = minimum(9.02, maximum(-9.02, x))
    q = z * z
    above = fma(q, -1.2203331994e-11, 3.0584849361e-08)
    above = fma(above, q, 2.8007390123e-05)
    above = fma(above, q, 3.8683244529e-03)
    above = fma(above, q, 1.3679912475e-01)
    below = fma(q, 1.2873616872e-06, 3.9386252234e-04)
    below = fma(below, q, 2.7245826857e-02)
    below = fma(below, q, 4.7013244537e-01)
    return fma(above, q * z, z) / fma(below, q, 1.0)


@routine
def sigmoid(x):
    """1 / (1 + e^-x); zero below -88.4, where the result would be subnormal."""
    n, rest = _exp_parts(minimum(89.0, maximum(-87.0, -x)))
    return 1.0 / ((rest + 1.0) * _power_of_two(n) + 1.0)  # a sum of products would be NaN where 2^n is infinite


@routine
def softplus(x):
    """log(1 + e^x)."""
    return maximum(0.0, x) + log1p(exp(-abs(x)))


@routine
def _bell(x):
    """e^(-x^2/2), corrected for the rounding error of the square."""
    z = minimum(20.0, abs(x))
    square = z * z
    return exp(square * -0.5) * fma(fma(z, z, -square), -0.5, 1.0)


@routine
def normal_density(x):
    """e^(-x^2/2) / sqrt(2 pi)"""
    return _bell(x) * INVERSE_SQRT_TAU


@routine
def normal_distribution(x):
    """The standard normal distribution function (1 + erf(x / sqrt 2)) / 2; the relative error is small in the lower
    tail too.

    The tail is e^(-x^2/2) times a polynomial in 1 / (1 + |x|/4), within 3e-8 up to |x| = 14.6.
    """
    t = 1.0 / fma(minimum(20.0, abs(x)), 0.25, 1.0)
    series = fma(t, 0.016951945987412027, -0.0648684413462522)
    series = fma(series, t, 0.05667941784664607)
    series = fma(series, t, 0.021512519380463054)
    series = fma(series, t, 0.01867802886757658)
    series = fma(series, t, 0.08332672586393419)
    series = fma(series, t, 0.07320126707806394)
    series = fma(series, t, 0.0952457318588803)
    series = fma(series, t, 0.09952676616988892)
    series = fma(series, t, 0.09974604264953052)
    tail = series * t * _bell(x)
    return select(x > 0.0, 1.0 - tail, tail)


@routine
def inverse_three_quarters(x):
    """x^-0.75 for normal x > 0: AlexNet's exponent, at a fraction of the cost of `power`.

    Newton's iteration for y^4 x^3 = 1. The first guess is arithmetic on the bits, an approximate logarithm, and is
    within 5 %.
    """
    bits = float_bits(x)
    y = bits_float(GUESS_BITS - (bits - (bits >> 2)))
    for _ in range(3):
        root = x * y
        y = y * fma(root * root * root * y, -0.25, 1.25)
    return y


@routine
def cosine_sine(t):
    """(cos, sin) of 2 pi t for |t| < 2^20; exactly (1, 0) at zero."""
    shifted = fma(t, 4.0, ROUNDER)
    quarters, quadrant = shifted - ROUNDER, float_bits(shifted)
    angle = fma(quarters, -0.25, t) * TAU
    square = angle * angle
    series = fma(square, -1.9515295891e-4, 8.3321608736e-3)
    sine = fma(fma(series, square, -1.6666654611e-1) * square, angle, angle)
    series = fma(square, 2.443315711809948e-5, -1.388731625493765e-3)
    cosine = fma(fma(series, square, 4.166664568298827e-2), square * square, fma(square, -0.5, 1.0))
    odd = (quadrant & 1) == 1
    first, second = select(odd, sine, cosine), select(odd, cosine, sine)
    return select((quadrant + 1 & 2) == 2, -first, first), select((quadrant & 2) == 2, -second, second)
