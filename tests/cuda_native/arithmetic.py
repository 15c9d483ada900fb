"""Functions of NVVM that compute, in LLVM IR: of these libdevice consists.

Approximate instructions are computed exactly and rounded: a GPU differs by an ulp or two. A GPU flushes denormals to
zero in `.ftz` forms; these definitions do not.
"""

from __future__ import annotations

from tests.cuda_native.device import define

UNARY = {
    "fabs.f32": "fabs", "fabs.f": "fabs", "floor.f": "floor", "ceil.f": "ceil", "trunc.f": "trunc",
    "round.f": "roundeven", "sqrt.rn.f": "sqrt", "sqrt.approx.f": "sqrt", "sqrt.f": "sqrt", "ex2.approx.f32": "exp2",
    "ex2.approx.f": "exp2", "lg2.approx.f": "log2", "sin.approx.f": "sin", "cos.approx.f": "cos",
}  # fmt: skip
BINARY = {"fmin.f": "minnum", "fmax.f": "maxnum"}
TO_REAL = {
    "i2f.rn": ("sitofp", "i32"),
    "ui2f.rn": ("uitofp", "i32"),
    "ll2f.rn": ("sitofp", "i64"),
    "ull2f.rn": ("uitofp", "i64"),
}
TO_INTEGER = {"n": "roundeven", "z": "trunc", "m": "floor", "p": "ceil"}
"""rounding by the last letter of `f2i.rn` and its like"""
HIGH_PRODUCTS = {"mulhi.i": ("sext", 32), "mulhi.ui": ("zext", 32), "mulhi.ll": ("sext", 64), "mulhi.ull": ("zext", 64)}
INSTRUCTIONS = {"add.rn.f": "fadd", "mul.rn.f": "fmul", "div.rn.f": "fdiv", "div.approx.f": "fdiv"}


def _simple() -> str:
    """Functions of one LLVM intrinsic or instruction in float32."""
    text = ""
    for name, function in UNARY.items():
        body = f"  %y = call float @llvm.{function}.f32(float %x)\n  ret float %y"
        text += define("float", f"nvvm.{name}", "float %x", body)
    for name, function in BINARY.items():
        body = f"  %y = call float @llvm.{function}.f32(float %a, float %b)\n  ret float %y"
        text += define("float", f"nvvm.{name}", "float %a, float %b", body)
    for name, instruction in INSTRUCTIONS.items():
        body = f"  %y = {instruction} float %a, %b\n  ret float %y"
        text += define("float", f"nvvm.{name}", "float %a, float %b", body)
    text += "".join(f"declare float @llvm.{name}.f32(float)\n" for name in sorted(set(UNARY.values())))
    return text + "".join(f"declare float @llvm.{name}.f32(float, float)\n" for name in sorted(set(BINARY.values())))


def _integers() -> str:
    """Conversions between float32 and integers, and the upper halves of products."""
    text = ""
    for name, (instruction, kind) in TO_REAL.items():
        text += define(
            "float", f"nvvm.{name}", f"{kind} %x", f"  %y = {instruction} {kind} %x to float\n  ret float %y"
        )
    for letter, function in TO_INTEGER.items():
        for name, sign in (("f2i", "s"), ("f2ui", "u")):
            body = f"""  %y = call float @llvm.{function}.f32(float %x)
  %i = call i32 @llvm.fpto{sign}i.sat.i32.f32(float %y)
  ret i32 %i"""
            text += define("i32", f"nvvm.{name}.r{letter}", "float %x", body)
    for name, (instruction, bits) in HIGH_PRODUCTS.items():
        kind, wide = f"i{bits}", f"i{2 * bits}"
        body = f"""  %x = {instruction} {kind} %a to {wide}
  %y = {instruction} {kind} %b to {wide}
  %product = mul {wide} %x, %y
  %high = lshr {wide} %product, {bits}
  %r = trunc {wide} %high to {kind}
  ret {kind} %r"""
        text += define(kind, f"nvvm.{name}", f"{kind} %a, {kind} %b", body)
    return text


COMPOSED = """
declare float @llvm.fma.f32(float, float, float)
declare double @llvm.fma.f64(double, double, double)
declare double @llvm.fabs.f64(double)
declare double @llvm.sqrt.f64(double)
declare i32 @llvm.ctlz.i32(i32, i1)
declare i32 @llvm.fptosi.sat.i32.f32(float)
declare i32 @llvm.fptoui.sat.i32.f32(float)

define linkonce_odr float @"nvvm.fma.rn.f"(float %a, float %b, float %c) alwaysinline {
  %y = call float @llvm.fma.f32(float %a, float %b, float %c)
  ret float %y
}
define linkonce_odr double @"nvvm.fma.rn.d"(double %a, double %b, double %c) alwaysinline {
  %y = call double @llvm.fma.f64(double %a, double %b, double %c)
  ret double %y
}
; a * b + c rounded down, from a float64 that holds the product exactly
define linkonce_odr float @"nvvm.fma.rm.f"(float %a, float %b, float %c) alwaysinline {
  %x = fpext float %a to double
  %y = fpext float %b to double
  %z = fpext float %c to double
  %product = fmul double %x, %y
  %exact = fadd double %product, %z
  %near = fptrunc double %exact to float
  %back = fpext float %near to double
  %above = fcmp ogt double %back, %exact
  %bits = bitcast float %near to i32
  %sign = ashr i32 %bits, 31
  %step.odd = or i32 %sign, 1
  %step = sub i32 0, %step.odd
  %down = add i32 %bits, %step
  %chosen = select i1 %above, i32 %down, i32 %bits
  %r = bitcast i32 %chosen to float
  ret float %r
}
; a + b rounded towards zero
define linkonce_odr float @"nvvm.add.rz.f"(float %a, float %b) alwaysinline {
  %x = fpext float %a to double
  %y = fpext float %b to double
  %exact = fadd double %x, %y
  %near = fptrunc double %exact to float
  %back = fpext float %near to double
  %size = call double @llvm.fabs.f64(double %exact)
  %near.size = call double @llvm.fabs.f64(double %back)
  %beyond = fcmp ogt double %near.size, %size
  %bits = bitcast float %near to i32
  %smaller = sub i32 %bits, 1
  %chosen = select i1 %beyond, i32 %smaller, i32 %bits
  %r = bitcast i32 %chosen to float
  ret float %r
}
define linkonce_odr float @"nvvm.saturate.f"(float %x) alwaysinline {
  %low = call float @llvm.maxnum.f32(float %x, float 0.0)
  %y = call float @llvm.minnum.f32(float %low, float 1.0)
  ret float %y
}
define linkonce_odr float @"nvvm.rcp.rn.f"(float %x) alwaysinline {
  %y = fdiv float 1.0, %x
  ret float %y
}
define linkonce_odr float @"nvvm.rsqrt.approx.f"(float %x) alwaysinline {
  %wide = fpext float %x to double
  %root = call double @llvm.sqrt.f64(double %wide)
  %y = fdiv double 1.0, %root
  %r = fptrunc double %y to float
  ret float %r
}
define linkonce_odr i32 @"__nvvm_reflect"(ptr %name) alwaysinline {
  ret i32 0
}
"""


def text() -> str:
    """All definitions."""
    return _simple() + _integers() + COMPOSED
