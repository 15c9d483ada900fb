"""PyTorch as a second witness for what operations mean, where it has the same operation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.evaluate import apply
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Node, Value
from tests.ir.cases import forward_nodes
from tests.ir.numbers import arrays

torch = pytest.importorskip("torch")
F = torch.nn.functional
SEED = st.integers(0, 10_000)


def given_arrays(made: Node, seed: int, images: int = 2) -> list:
    feeds = arrays(made, np.random.default_rng(seed), images)
    return [torch.from_numpy(feeds[value.name]) for value in made.inputs]


def meaning(made: Node, given: list) -> list[np.ndarray]:
    return list(apply(made.operation, tuple(t.numpy() for t in given), made.outputs, Context(np.float64)))


def same(found: np.ndarray, expected) -> None:
    assert np.allclose(found, expected.numpy(), rtol=1e-10, atol=1e-10)


def bordered(image, window: ops.Window, value: float = 0.0):
    (top, left), (bottom, right) = window.before, window.after
    return F.pad(image, (left, right, top, bottom), value=value)


@given(forward_nodes(ops.Convolution), SEED)
def test_convolution_is_pytorchs(made, seed):
    op, (x, w, *b) = made.operation, (given := given_arrays(made, seed))
    window = op.window
    expected = F.conv2d(bordered(x, window), w, *b, stride=window.stride, dilation=window.dilation, groups=op.groups)
    same(meaning(made, given)[0], expected)


@given(forward_nodes(ops.Deconvolution), SEED)
def test_deconvolution_is_pytorchs_without_its_border(made, seed):
    window, (x, w, *b) = made.operation.window, (given := given_arrays(made, seed))
    whole = F.conv_transpose2d(x, w, *b, stride=window.stride)
    (top, left), (_, h, wide) = window.before, made.outputs[0].shape
    same(meaning(made, given)[0], whole[:, :, top : top + h, left : left + wide])


@given(forward_nodes(ops.Local), SEED)
def test_local_is_a_convolution_with_weights_of_each_position(made, seed):
    window, (x, w, *b) = made.operation.window, (given := given_arrays(made, seed))
    k, oh, ow = made.outputs[0].shape
    columns = F.unfold(bordered(x, window), window.kernel, stride=window.stride)  # n, c*kh*kw, oh*ow
    expected = torch.einsum("nfp,kpf->nkp", columns, w.reshape(k, oh * ow, -1)).reshape(-1, k, oh, ow)
    same(meaning(made, given)[0], expected + b[0] if b else expected)


@given(forward_nodes(ops.MaxPool), SEED)
def test_max_pooling_is_pytorchs(made, seed):
    window, (x,) = made.operation.window, (given := given_arrays(made, seed))
    expected, place = F.max_pool2d(bordered(x, window, -np.inf), window.kernel, window.stride, return_indices=True)
    y, index = meaning(made, given)
    same(y, expected)
    (oh, ow), width = expected.shape[2:], x.shape[3] + window.before[1] + window.after[1]
    rows, columns = np.arange(oh)[:, None] * window.stride[0], np.arange(ow)[None, :] * window.stride[1]
    i, j = np.divmod(index, window.kernel[1])
    assert np.array_equal((rows + i) * width + columns + j, place.numpy())


@st.composite
def pools(draw) -> tuple[int, int, int, int, int]:
    kernel, stride, size = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(4, 9))
    return size, kernel, stride, draw(st.integers(0, kernel // 2)), draw(st.booleans())


@given(pools(), st.booleans(), SEED)
def test_pools_that_round_up_are_pytorchs(pool, count_pad, seed):
    size, kernel, stride, pad, ceil = pool
    outputs = (-(-(size + 2 * pad - kernel) // stride) if ceil else (size + 2 * pad - kernel) // stride) + 1
    outputs -= ceil and (outputs - 1) * stride >= size + pad
    after = max(pad, (outputs - 1) * stride + kernel - size - pad)
    window = ops.Window((kernel, kernel), (stride, stride), (pad, pad), (after, after))
    x, y = Value("x", (2, size, size)), Value("y", (2, outputs, outputs))
    average = Node(ops.AveragePool(window, count_pad), (x,), (y,), "pool")
    given = given_arrays(average, seed)
    expected = F.avg_pool2d(given[0], kernel, stride, pad, ceil_mode=bool(ceil), count_include_pad=count_pad)
    same(meaning(average, given)[0], expected)
    largest = F.max_pool2d(given[0], kernel, stride, pad, ceil_mode=bool(ceil))
    same(meaning(Node(ops.MaxPool(window), (x,), (y,), "pool"), given)[0], largest)


@given(forward_nodes(ops.BatchNormTraining), SEED, st.integers(2, 4))
def test_batch_norm_in_training_is_pytorchs(made, seed, images):
    op, (x, scale, shift, mean, variance) = made.operation, (given := given_arrays(made, seed, images))
    running = [mean.clone(), variance.clone()]
    expected = F.batch_norm(x, *running, scale, shift, training=True, momentum=1 - op.momentum, eps=op.epsilon)
    y, _, _, new_mean, new_variance = meaning(made, given)
    same(y, expected)
    same(new_mean, running[0])
    same(new_variance, running[1])


@given(forward_nodes(ops.BatchNorm), SEED)
def test_batch_norm_in_evaluation_is_pytorchs(made, seed):
    x, scale, shift, mean, variance = (given := given_arrays(made, seed))
    same(meaning(made, given)[0], F.batch_norm(x, mean, variance, scale, shift, eps=made.operation.epsilon))


@given(forward_nodes(ops.LocalResponseNorm), SEED)
def test_local_response_norm_is_pytorchs(made, seed):
    op, (x,) = made.operation, (given := given_arrays(made, seed))
    image = x if x.ndim == 4 else x[:, :, None, None]
    expected = F.local_response_norm(image, op.size, op.alpha, op.beta, op.k)
    same(meaning(made, given)[0], expected.reshape(x.shape))


TORCH_ACTIVATIONS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": F.softplus,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


@pytest.mark.parametrize("function", TORCH_ACTIVATIONS)
def test_activations_are_pytorchs(function):
    x = torch.linspace(-50, 50, 1001, dtype=torch.float64)[None]
    made = Node(ops.Activation(function, 0.01), (Value("x", (1001,)),), (Value("y", (1001,)),), "layer")
    assert np.allclose(meaning(made, [x])[0], TORCH_ACTIVATIONS[function](x).numpy(), rtol=1e-8, atol=1e-15)


@given(forward_nodes(ops.Softmax), SEED)
def test_softmax_is_pytorchs(made, seed):
    given = given_arrays(made, seed)
    same(meaning(made, given)[0], torch.softmax(given[0], dim=1))


def losses(logits, labels) -> dict:
    one_hot = F.one_hot(labels, logits.shape[1]).to(logits)
    return {
        "cross_entropy": F.cross_entropy(logits, labels),
        "binary_cross_entropy": F.binary_cross_entropy_with_logits(logits, one_hot, reduction="sum") / len(labels),
        "squared_error": F.mse_loss(logits, one_hot, reduction="sum") / 2 / len(labels),
        "hinge": F.multi_margin_loss(logits, labels, reduction="sum") * logits.shape[1] / len(labels),
    }


@pytest.mark.parametrize("function", ["cross_entropy", "binary_cross_entropy", "squared_error", "hinge"])
@given(outputs=st.integers(2, 5), images=st.integers(1, 4), seed=SEED)
def test_losses_and_their_gradients_are_pytorchs(function, outputs, images, seed):
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(size=(images, outputs)) * 2).requires_grad_()
    labels = torch.from_numpy(rng.integers(0, outputs, images))
    mean = losses(logits, labels)[function]
    mean.backward()
    x, label = Value("x", (outputs,)), Value("label", (), dtype="int32")
    sums = (Value("loss", (), False), Value("correct", (), False))
    given = [logits.detach(), labels]
    assert meaning(Node(ops.Loss(function), (x, label), sums, "loss"), given)[0] / images == pytest.approx(mean.item())
    same(meaning(Node(ops.LossGradient(function), (x, label), (x,), "loss"), given)[0], logits.grad)
