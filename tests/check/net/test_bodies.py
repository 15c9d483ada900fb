"""Blocks, repeats, branches and names within a net."""

from __future__ import annotations

from tests.check.reading_specs import codes_of, graph_of, layer, shapes

VGG = "block vgg(n, c) {\n    repeat n { conv c 3x3 pad=1 relu }\n    pool max 2x2\n}"


def test_layers_are_named_by_kind_and_number_in_reading_order() -> None:
    graph = graph_of("conv 4 3x3\nrelu\nconv 4 3x3 relu\npool max 2x2\ndense 3")
    assert list(shapes(graph)) == ["input", "conv1", "relu1", "conv2", "pool1", "dense1"]


def test_layers_in_a_block_are_named_after_its_call() -> None:
    graph = graph_of("vgg 1 4\nvgg(2, 8)\ndense 3", before=VGG)
    assert list(shapes(graph)) == [
        "input",
        "vgg1.conv1",
        "vgg1.pool1",
        "vgg2.conv1",
        "vgg2.conv2",
        "vgg2.pool1",
        "dense1",
    ]


def test_a_name_given_with_as_replaces_the_automatic_one_and_copies_are_numbered() -> None:
    graph = graph_of(
        "conv 4 3x3 pad=1 as stem\nrepeat 3 { conv 4 3x3 pad=1 as inner }\nvgg 1 4 as eye\ndense 2", before=VGG
    )
    assert list(shapes(graph)) == ["input", "stem", "inner", "inner_2", "inner_3", "eye.conv1", "eye.pool1", "dense1"]


def test_the_copies_of_a_repeat_have_weights_of_their_own() -> None:
    graph = graph_of("repeat 3 { dense 4 }")
    assert [p.value.name for p in graph.parameters if p.value.name.endswith("weight")] == [
        "dense1.weight",
        "dense2.weight",
        "dense3.weight",
    ]


def test_flags_become_nodes_of_the_same_layer() -> None:
    graph = graph_of("dense 4 relu tanh as last")
    last = layer(graph, "last")
    assert [node.outputs[0].name for node in last.nodes] == ["last.linear", "last.1", "last"]


def test_branches_read_the_same_input_and_an_empty_one_passes_it_on() -> None:
    graph = graph_of("sum { conv 1 3x3 pad=1 } {} relu as joined\nconcat { conv 3 1 } {}\ndense 2")
    joined = layer(graph, "joined")
    assert [value.name for value in joined.inputs] == ["conv1", "input"]
    assert layer(graph, "concat1").output.shape == (4, 28, 28)


def test_use_reads_a_named_layer_also_inside_a_branch() -> None:
    graph = graph_of("conv 4 3x3 pad=1 as stem\nconv 4 3x3 pad=1\nsum { use stem } { conv 4 1 }\ndense 2")
    assert [value.name for value in layer(graph, "sum1").inputs] == ["stem", "conv3"]


def test_a_name_inside_a_repeat_is_seen_within_its_own_copy() -> None:
    graph = graph_of("repeat 2 { conv 4 3x3 pad=1 as inner; relu; sum { use inner } {} }\ndense 2")
    assert [value.name for value in layer(graph, "sum2").inputs] == ["inner_2", "relu2"]


def test_tied_layers_share_their_weights_and_own_none() -> None:
    graph = graph_of("dense 5 as first\ndense 5\ndense 5 as second\ndense 5 tie=second")
    tied = layer(graph, "dense4")
    assert (tied.parameters, tied.owned) == (("second.weight", "second.bias"), ())
    assert len(graph.parameters) == 6


def test_a_tied_layer_may_leave_the_bias_out() -> None:
    assert layer(graph_of("dense 5\ndense 5 as a\ndense 5 nobias tie=a"), "dense3").parameters == ("a.weight",)


def test_arguments_of_a_block_can_be_given_by_key_and_defaults_may_use_earlier_ones() -> None:
    before = "block b(c, k=(c // 2), s=1) { conv k 3x3 stride=s; conv c 1 }"
    graph = graph_of("b 8\nb 8 s=2\nb(6, s=2, k=1)\ndense 2", before=before)
    assert [shape for name, shape in shapes(graph).items() if name.endswith("conv1")] == [
        (4, 26, 26),
        (4, 12, 12),
        (1, 5, 5),
    ]


def test_flags_on_a_call_of_a_block_are_layers_of_their_own() -> None:
    assert list(shapes(graph_of("b relu\ndense 2", before="block b { dense 4 }"))) == [
        "input",
        "b1.dense1",
        "relu1",
        "dense1",
    ]


def test_a_block_does_not_see_the_layer_names_of_its_caller() -> None:
    text = "block b { use stem }\nnet n { input 1x8x8; conv 1 1 as stem; b; dense 2 }"
    assert codes_of(text) == ["E217"]


def test_a_block_hides_a_layer_of_its_name() -> None:
    text = "block dense(k) { conv k 1; pool avg global; flatten }\nnet n { input 1x8x8; dense 3 }"
    assert codes_of(text) == ["W204"]


def test_dropouts_have_streams_in_reading_order() -> None:
    graph = graph_of("dropout 0.5\ndense 4\ndropout 0.5\ndense 2")
    assert [getattr(node.operation, "stream", None) for node in graph.nodes] == [0, None, 1, None]


def test_a_layer_of_unknown_shape_silences_errors_about_shapes_behind_it() -> None:
    assert codes_of("net n { input 1x8x8; konv 3; conv 3 99x99; dense 2 pad=1 }") == ["E201", "E202"]


def test_a_wrong_attribute_silences_errors_about_the_shape_it_decides() -> None:
    assert codes_of("net n { input 1x8x8; conv 3 9x9 pad=-1; conv 3 9x9; dense 2 }") == ["E206"]


def test_a_misspelt_attribute_counts_as_the_one_that_was_meant() -> None:
    assert codes_of("net n { input 1x8x8; conv 3 9x9 padding=1; conv 3 9x9; dense 2 }") == ["E202", "E301"]
