"""The growth of the front end's and the plan's time is measured on nets as deep as asked."""

from netspec.bench import depth
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.targets.cpu.processor import AVX2


def test_every_stage_is_timed_at_every_depth():
    timings = list(depth.measure_depth(AVX2, (12, 24)))
    stages = ["check", "count", "compile"]
    assert [(one.net, one.stage) for one in timings] == [(net, stage) for net in depth.NETS for stage in stages]
    assert all(len(one.seconds) == 2 and min(one.seconds) > 0 for one in timings)
    assert all(one.times == one.seconds[1] / one.seconds[0] for one in timings)


def test_nets_have_as_many_layers_as_they_say():
    for text in depth.NETS.values():
        layers = len(check_experiment(Source("<test>", text(600))).graph.layers)
        assert abs(layers - 600) <= 6
