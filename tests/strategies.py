"""Random valid specs, small enough that a training step of one costs milliseconds, and ways to break them."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

Shape = tuple[int, ...]

ACTIVATIONS = (
    "relu",
    "relu6",
    "leaky_relu",
    "leaky_relu(0.2)",
    "elu",
    "gelu",
    "silu",
    "softplus",
    "sigmoid",
    "tanh",
)
STARTS = ("he", "xavier", "normal(0.1)", "uniform(0.2)", "orthogonal", "zeros")
LARGEST_FEATURES = 512


@dataclass
class _Writer:
    """A spec being written: names given so far in the net's body, and blocks and lets at the top."""

    draw: st.DrawFn
    named: dict[str, Shape] = field(default_factory=dict[str, Shape])
    tied: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])  # name: input channels, text
    blocks: list[str] = field(default_factory=list[str])
    lets: dict[str, int] = field(default_factory=dict[str, int])
    uses_names: bool = True

    def kept(self) -> tuple[dict[str, Shape], dict[str, tuple[int, str]], list[str], dict[str, int]]:
        """What has been written, to go back to when a layer is dropped."""
        return dict(self.named), dict(self.tied), list(self.blocks), dict(self.lets)

    # --- small pieces --------------------------------------------------------------------------------------------

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def coin(self) -> bool:
        return self.draw(st.booleans())

    def one(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def written(self, number: int) -> str:
        """A number as itself, as an expression, or as a let."""
        match self.one("plain", "plain", "sum", "let"):
            case "sum":
                return f"({number + 3} - 3)"
            case "let":
                name = f"N{number}"
                self.lets[name] = number
                return name
            case _:
                return str(number)

    def flags(self) -> str:
        return "".join(f" {self.one(*ACTIVATIONS)}" for _ in range(self.number(0, 2)))

    def weights(self) -> str:
        """Attributes of a layer with weights."""
        extra = self.one("", "", "nobias", f"init={self.one(*STARTS)}", "rate=0.5", "rate=0", "decay=2")
        return f" {extra}" if extra else ""

    # --- layers that slide a window ------------------------------------------------------------------------------

    def window(self, shape: Shape, *, dilates: bool = True) -> tuple[str, str, tuple[int, int]]:
        """Kernel, attributes and output size of a convolution that fits `shape`."""
        dilate = self.number(1, 2) if dilates else 1
        kernel = tuple(self.number(1, min(3, side)) for side in shape[1:])
        stride = self.number(1, 2)
        attributes = f"{f' stride={stride}' if stride > 1 else ''}{f' dilate={dilate}' if dilate > 1 else ''}"
        text = f"{kernel[0]}x{kernel[1]}" if kernel[0] != kernel[1] or self.coin() else str(kernel[0])
        if self.coin():
            height, width = (-(-side // stride) for side in shape[1:])
            return text, f"{attributes} pad=same", (height, width)
        least = max(0, *(dilate * (k - 1) + 1 - side for k, side in zip(kernel, shape[1:], strict=True)))
        pad = self.number(least, least + 1)
        height, width = (
            (side + 2 * pad - dilate * (k - 1) - 1) // stride + 1 for k, side in zip(kernel, shape[1:], strict=True)
        )
        return text, f"{attributes}{f' pad={pad}' if pad else ''}", (height, width)

    def conv(self, shape: Shape) -> tuple[str, Shape]:
        kernel, attributes, size = self.window(shape)
        channels = self.number(1, 4)
        groups = self.draw(st.sampled_from([g for g in (1, 2, 3, 4) if shape[0] % g == 0 and channels % g == 0]))
        more = f" groups={groups}" if groups > 1 else ""
        text = f"conv {self.written(channels)} {kernel}{attributes}{more}{self.weights()}{self.flags()}"
        return text, (channels, *size)

    def depthwise(self, shape: Shape) -> tuple[str, Shape]:
        kernel, attributes, size = self.window(shape)
        return f"depthwise {kernel}{attributes}{self.weights()}{self.flags()}", (shape[0], *size)

    def local(self, shape: Shape) -> tuple[str, Shape]:
        kernel, attributes, size = self.window(shape, dilates=False)
        channels = self.number(1, 3)
        return f"local {channels} {kernel}{attributes}{self.weights()}{self.flags()}", (channels, *size)

    def deconv(self, shape: Shape) -> tuple[str, Shape]:
        channels, stride, kernel = self.number(1, 3), self.number(1, 2), self.number(2, 3)
        pad = self.number(0, 1 if all((side - 1) * stride + kernel > 2 for side in shape[1:]) else 0)
        height, width = ((side - 1) * stride + kernel - 2 * pad for side in shape[1:])
        attributes = f"{f' stride={stride}' if stride > 1 else ''}{f' pad={pad}' if pad else ''}"
        return f"deconv {channels} {kernel}{attributes}{self.weights()}{self.flags()}", (channels, height, width)

    def pool(self, shape: Shape) -> tuple[str, Shape]:
        kind = self.one("max", "avg")
        if self.number(0, 4) == 0:
            return f"pool {kind} global", (shape[0], 1, 1)
        kernel = self.number(1, min(3, *shape[1:]))
        stride, pad = self.number(1, 3), self.number(0, kernel // 2)
        rounds_up = self.coin()
        height, width = (_pooled(side, kernel, stride, pad, rounds_up) for side in shape[1:])
        attributes = f"{f' pad={pad}' if pad else ''}{' round=ceil' if rounds_up else ''}"
        counted = " count_pad" if kind == "avg" and self.coin() else ""
        return f"pool {kind} {kernel} stride={stride}{attributes}{counted}{self.flags()}", (shape[0], height, width)

    # --- layers for any shape ------------------------------------------------------------------------------------

    def plain(self, shape: Shape) -> tuple[str, Shape]:
        """A layer that keeps the shape."""
        norm = f"batchnorm{self.one('', ' momentum=0.8', ' eps=1e-3', ' rate=0.5')}{self.flags()}"
        lrn = f"lrn{self.one('', ' size=3', ' size=3 alpha=0.5 beta=0.5 k=2')}"
        drop = f"dropout {self.one('0', '0.25', '0.5')}"
        return self.one(norm, lrn, drop, self.one(*ACTIVATIONS).replace("(", " ").replace(")", "")), shape

    def dense(self, shape: Shape) -> tuple[str, Shape]:
        outputs = self.number(1, 6)
        return f"dense {self.written(outputs)}{self.weights()}{self.flags()}", (outputs,)

    def maxout(self, shape: Shape) -> tuple[str, Shape]:
        pieces = self.draw(st.sampled_from([n for n in (1, 2, 3) if shape[0] % n == 0]))
        return f"maxout {pieces}", (shape[0] // pieces, *shape[1:])

    def upsample(self, shape: Shape) -> tuple[str, Shape]:
        return f"upsample {2}", (shape[0], 2 * shape[1], 2 * shape[2])

    def softmax(self, shape: Shape) -> tuple[str, Shape]:
        return "softmax", shape

    # --- structure -----------------------------------------------------------------------------------------------

    def keeping(self, shape: Shape) -> str:
        """Statements that keep the shape."""
        if len(shape) == 3:
            return self.one(
                f"conv {shape[0]} 3x3 pad=1{self.weights()}{self.flags()}",
                f"conv {shape[0]} 1 nobias; batchnorm",
                "pool max 3 stride=1 pad=1",
                "batchnorm relu; depthwise 3 pad=same",
                self.plain(shape)[0],
            )
        return self.one(f"dense {shape[0]}{self.weights()}{self.flags()}", self.plain(shape)[0])

    def branches(self, shape: Shape) -> tuple[str, Shape]:
        """A `sum` or `concat`."""
        count = self.number(2, 3)
        if self.coin():
            bodies = [self.branch(shape, self.keeping(shape), first=k == 0) for k in range(count)]
            return f"sum {' '.join(bodies)}{self.flags()}", shape
        channels, bodies = 0, list[str]()
        for k in range(count):
            own = self.number(1, 2)
            layer = f"conv {own} 1{self.flags()}" if len(shape) == 3 else f"dense {own}{self.flags()}"
            if self.coin():
                layer, own = "", shape[0]
            body = self.branch(shape, layer, first=k == 0)
            channels, bodies = channels + own, [*bodies, body]
        return f"concat {' '.join(bodies)}{self.flags()}", (channels, *shape[1:])

    def branch(self, shape: Shape, text: str, *, first: bool) -> str:
        """A branch. All but the first may read a layer of the same shape instead of their input."""
        same = [] if first else [name for name, known in self.named.items() if known == shape]
        use = f"use {self.draw(st.sampled_from(same))}; " if same and self.coin() else ""
        return f"{{ {use}{text} }}" if use or text else "{}"

    def repeat(self, shape: Shape) -> tuple[str, Shape]:
        return f"repeat {self.written(self.number(1, 3))} {{ {self.keeping(shape)} }}", shape

    def call(self, shape: Shape) -> tuple[str, Shape]:
        """A call of a block that is defined for it."""
        name = f"part_{len(self.blocks)}_of"
        if len(shape) == 3:
            self.blocks.append(
                f"block {name}(c, k=3) {{\n    conv c k pad=same nobias\n    batchnorm {self.one(*ACTIVATIONS)}\n}}"
            )
            channels = self.number(1, 4)
            arguments = self.one(f" {channels}", f" {channels} k=1", f"({channels}, k=2)")
            return f"{name}{arguments}", (channels, *shape[1:])
        self.blocks.append(f"block {name} {{ dense {shape[0]}{self.flags()} }}")
        return f"{name}{self.one('', '()')}", shape

    def tie(self, shape: Shape) -> tuple[str, Shape]:
        """Two layers that share their weights."""
        name = f"shared_{len(self.tied)}_with"
        text = f"conv {shape[0]} 3x3 pad=1" if len(shape) == 3 else f"dense {shape[0]}"
        self.tied[name] = shape[0], text
        bias = self.one("", " nobias")
        return f"{text}{bias}{self.flags()} as {name}\n    {text}{bias} tie={name}{self.flags()}", shape

    def layer(self, shape: Shape) -> tuple[str, Shape]:
        """Any statement that fits `shape`."""
        makers = [self.plain, self.dense, self.maxout, self.branches, self.repeat, self.call, self.tie]
        if len(shape) == 3:
            makers += [self.conv, self.conv, self.depthwise, self.local, self.deconv, self.pool, self.pool]
            if shape[1] * shape[2] <= 16:
                makers.append(self.upsample)
        else:
            makers.append(self.softmax)
        text, shape = self.draw(st.sampled_from(makers))(shape)
        if self.uses_names and self.number(0, 3) == 0 and " as " not in text and not text.startswith("repeat"):
            name = f"kept_{len(self.named)}_here"
            self.named[name] = shape
            text += f" as {name}"
        return text, shape


def _pooled(side: int, kernel: int, stride: int, pad: int, rounds_up: bool) -> int:
    room = side + 2 * pad - kernel
    if not rounds_up:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= side + pad else count


def _elements(shape: Shape) -> int:
    total = 1
    for side in shape:
        total *= side
    return total


@st.composite
def valid_specs(draw: st.DrawFn, *, most_layers: int = 5, train: bool = True) -> str:
    """The text of a valid spec: a net named `drawn`, blocks and lets it needs, and (with `train`) a `train` block.

    Inputs are vectors of up to 6 or images of up to 3x8x8; the output is a vector that fits the loss.
    """
    writer = _Writer(draw)
    flat = writer.number(0, 5) == 0
    shape: Shape = (writer.number(2, 6),) if flat else (writer.number(1, 3), writer.number(3, 8), writer.number(3, 8))
    lines = [f"input {'x'.join(map(str, shape))}"]
    for _ in range(writer.number(0, most_layers)):
        before = writer.kept()
        text, larger = writer.layer(shape)
        if _elements(larger) <= LARGEST_FEATURES:
            lines.append(text)
            shape = larger
        else:
            writer.named, writer.tied, writer.blocks, writer.lets = before
    loss = writer.one("cross_entropy", "binary_cross_entropy", "squared_error", "hinge")
    outputs = writer.number(2 if loss == "cross_entropy" else 1, 4)
    lines.append(f"dense {outputs}{writer.weights()}")
    net = "net drawn {\n" + "".join(f"    {line}\n" for line in lines) + "}"
    lets = [f"let {name} = {number}" for name, number in writer.lets.items()]
    return "\n".join([*lets, *writer.blocks, net, *([_train(writer, loss)] if train else []), ""])


def _train(writer: _Writer, loss: str) -> str:
    sgd = writer.one("rate=0.1", "rate=0.05 momentum=0.9", "momentum=0.5 decay=1e-3 nesterov", "")
    schedule = writer.one("constant", "step every=0.5 factor=0.5", "exponential factor=0.5")
    return f"train {{ loss {loss}; sgd {sgd}; schedule {schedule}; batch {writer.number(2, 20)}; epochs 1 }}"


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """A valid spec with a few letters or words taken out, put in, or swapped. It may still be valid."""
    text = draw(valid_specs())
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 8))
        piece = draw(st.sampled_from(PIECES) | st.text(max_size=4))
        text = text[:place] + piece + text[place + length :]
    return text


PIECES = (
    *'{}()=x019-;,+*/%.#"\n',
    " conv 8 3x3 ",
    "pool max 2",
    "dense -1",
    "repeat 3 {",
    "repeat 1000000000 {}",
    "sum { } { }",
    "as ",
    "use ",
    "tie=",
    "let K = (1/0)",
    "block b { b }",
    "net n {",
    "99999999999999999999",
    "0.1..0.5",
    "(30 60)",
    "3x",
    "é",
    "\0",
)
