"""The step of gradient descent, in place."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import place


@routine
def descend(w, v, i, gradient, rate, factors, s):
    """Moves weight i, and its velocity where there is momentum. factors: rate_factor, decay, momentum."""
    rate_factor, decay, momentum = factors
    pull = gradient + decay * w[i]
    step = pull
    if s.velocity:
        moved = momentum * v[i] + pull
        v[i] = moved
        step = pull + momentum * moved if s.nesterov else moved
    w[i] -= rate * rate_factor * step


def sgd_update(w, v, g, rate, s, rate_factor, decay, momentum):
    """g += decay*w; v = momentum*v + g; w -= rate*rate_factor*step; a thread a weight. Without a velocity v is w."""
    i = place()
    if i < s.elements:
        descend(w, v, i, g[i], rate[0], (rate_factor, decay, momentum), s)
