"""The five bodies written as rules: which layers follow each other, and where branches meet.

A row is (Keras name, Keras class, timm modules). Keras sorts a network's layers by their distance from its output and,
at the same distance, by the order in which the merging layer takes its branches; `_side_by_side` repeats that.
Source: keras/src/ops/function.py, `map_graph`; the blocks as in keras/src/applications.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

Row = tuple[str, str, tuple[str, ...]]
Rows = list[Row]
Branch = list[Rows]  # from the block's input to its merge; rows in one list are equally far from the merge

INPUT: Row = ("input_layer", "InputLayer", ())


class _Numbered:
    """Names that Keras makes up in the order of creation: conv2d, conv2d_1, conv2d_2, ..."""

    def __init__(self) -> None:
        self._made: Counter[str] = Counter()

    def __call__(self, stem: str) -> str:
        number = self._made[stem]
        self._made[stem] += 1
        return f"{stem}_{number}" if number else stem


def _side_by_side(*branches: Branch) -> Rows:
    """The rows of branches that end in one merge, the farthest from it first, then in the order of the branches."""
    longest = max(map(len, branches))
    return [
        row
        for distance in range(longest, 0, -1)
        for branch in branches
        if len(branch) >= distance
        for row in branch[-distance]
    ]


def _chain(*rows: Row) -> Branch:
    """A branch without forks."""
    return [[row] for row in rows]


def vgg19() -> Iterator[Rows]:
    """22 layers; the ReLU is part of each convolution, in timm a module of its own."""
    yield [INPUT]
    place = 0
    for block, convolutions in enumerate((2, 2, 4, 4, 4), start=1):
        for number in range(1, convolutions + 1):
            yield [(f"block{block}_conv{number}", "Conv2D", (f"features.{place}",))]
            place += 2
        yield [(f"block{block}_pool", "MaxPooling2D", ())]
        place += 1


def resnet50() -> Iterator[Rows]:
    """175 layers; every convolution has a bias, which timm's has not."""
    yield [
        INPUT,
        ("conv1_pad", "ZeroPadding2D", ()),
        ("conv1_conv", "Conv2D", ("conv1",)),
        ("conv1_bn", "BatchNormalization", ("bn1",)),
        ("conv1_relu", "Activation", ()),
        ("pool1_pad", "ZeroPadding2D", ()),
        ("pool1_pool", "MaxPooling2D", ()),
    ]
    for stage, blocks in enumerate((3, 4, 6, 3), start=1):
        for block in range(blocks):
            yield _resnet_block(f"conv{stage + 1}_block{block + 1}", f"layer{stage}.{block}", widens=block == 0)


def _resnet_block(keras: str, timm: str, widens: bool) -> Rows:
    """Three convolutions beside a shortcut, which has one of its own where the block widens."""
    main: Rows = []
    for number in (1, 2, 3):
        main.append((f"{keras}_{number}_conv", "Conv2D", (f"{timm}.conv{number}",)))
        main.append((f"{keras}_{number}_bn", "BatchNormalization", (f"{timm}.bn{number}",)))
        main.append((f"{keras}_{number}_relu", "Activation", ()))
    shortcut: Rows = [
        (f"{keras}_0_conv", "Conv2D", (f"{timm}.downsample.0",)),
        (f"{keras}_0_bn", "BatchNormalization", (f"{timm}.downsample.1",)),
    ]
    merged = _side_by_side(_chain(*shortcut) if widens else [], _chain(*main[:-1]))
    return [*merged, (f"{keras}_add", "Add", ()), (f"{keras}_out", "Activation", ())]


def mobilenet_v2() -> Iterator[Rows]:
    """154 layers; a block that halves the map pads it in a layer of its own."""
    yield [
        INPUT,
        ("Conv1", "Conv2D", ("conv_stem",)),
        ("bn_Conv1", "BatchNormalization", ("bn1",)),
        ("Conv1_relu", "ReLU", ()),
        ("expanded_conv_depthwise", "DepthwiseConv2D", ("blocks.0.0.conv_dw",)),
        ("expanded_conv_depthwise_BN", "BatchNormalization", ("blocks.0.0.bn1",)),
        ("expanded_conv_depthwise_relu", "ReLU", ()),
        ("expanded_conv_project", "Conv2D", ("blocks.0.0.conv_pw",)),
        ("expanded_conv_project_BN", "BatchNormalization", ("blocks.0.0.bn2",)),
    ]
    number = 0
    for stage, (blocks, halves) in enumerate(((2, True), (3, True), (4, True), (3, False), (3, True), (1, False)), 1):
        for block in range(blocks):
            number += 1
            first = block == 0
            yield _inverted_residual(f"block_{number}", f"blocks.{stage}.{block}", halves and first, adds=not first)
    yield [
        ("Conv_1", "Conv2D", ("conv_head",)),
        ("Conv_1_bn", "BatchNormalization", ("bn2",)),
        ("out_relu", "ReLU", ()),
    ]


def _inverted_residual(keras: str, timm: str, halves: bool, adds: bool) -> Rows:
    """Expansion, depthwise convolution, projection."""
    rows: Rows = [
        (f"{keras}_expand", "Conv2D", (f"{timm}.conv_pw",)),
        (f"{keras}_expand_BN", "BatchNormalization", (f"{timm}.bn1",)),
        (f"{keras}_expand_relu", "ReLU", ()),
    ]
    if halves:
        rows.append((f"{keras}_pad", "ZeroPadding2D", ()))
    rows += [
        (f"{keras}_depthwise", "DepthwiseConv2D", (f"{timm}.conv_dw",)),
        (f"{keras}_depthwise_BN", "BatchNormalization", (f"{timm}.bn2",)),
        (f"{keras}_depthwise_relu", "ReLU", ()),
        (f"{keras}_project", "Conv2D", (f"{timm}.conv_pwl",)),
        (f"{keras}_project_BN", "BatchNormalization", (f"{timm}.bn3",)),
    ]
    return [*rows, (f"{keras}_add", "Add", ())] if adds else rows


def _separable(keras: str, convolution: str, norm: str) -> Rows:
    """A separable convolution, two modules in timm, and its norm."""
    return [
        (keras, "SeparableConv2D", (f"{convolution}.conv1", f"{convolution}.pointwise")),
        (f"{keras}_bn", "BatchNormalization", (norm,)),
    ]


def xception() -> Iterator[Rows]:
    """132 layers in 14 blocks; timm numbers the residual ones from 1, Keras from 2."""
    numbered = _Numbered()
    yield [
        INPUT,
        ("block1_conv1", "Conv2D", ("conv1",)),
        ("block1_conv1_bn", "BatchNormalization", ("bn1",)),
        ("block1_conv1_act", "Activation", ()),
        ("block1_conv2", "Conv2D", ("conv2",)),
        ("block1_conv2_bn", "BatchNormalization", ("bn2",)),
        ("block1_conv2_act", "Activation", ()),
    ]
    for block in range(2, 14):
        yield _xception_block(block, numbered)
    for number in (1, 2):
        name = f"block14_sepconv{number}"
        yield [*_separable(name, f"conv{number + 2}", f"bn{number + 2}"), (f"{name}_act", "Activation", ())]


def _xception_block(block: int, numbered: _Numbered) -> Rows:
    """Separable convolutions beside a shortcut; the first three blocks and the last halve the map."""
    halves = block in (2, 3, 4, 13)
    timm = f"block{block - 1}"
    main: Rows = []
    for number in range(1, 3 if halves else 4):
        if (block, number) != (2, 1):  # the stem has just ended in an activation
            main.append((f"block{block}_sepconv{number}_act", "Activation", ()))
        place = len(main) if block > 2 else 3 * (number - 1)
        main += _separable(f"block{block}_sepconv{number}", f"{timm}.rep.{place}", f"{timm}.rep.{place + 1}")
    shortcut: Rows = []
    if halves:
        main.append((f"block{block}_pool", "MaxPooling2D", ()))
        shortcut = [
            (numbered("conv2d"), "Conv2D", (f"{timm}.skip",)),
            (numbered("batch_normalization"), "BatchNormalization", (f"{timm}.skipbn",)),
        ]
    return [*_side_by_side(_chain(*main), _chain(*shortcut)), (numbered("add"), "Add", ())]


def inception_v3() -> Iterator[Rows]:
    """311 layers; the batch norms have no scale, which timm's have."""
    numbered = _Numbered()
    yield [INPUT]
    for name in ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"):
        yield _convolution(numbered, name)
    yield [(numbered("max_pooling2d"), "MaxPooling2D", ())]
    for name in ("Conv2d_3b_1x1", "Conv2d_4a_3x3"):
        yield _convolution(numbered, name)
    yield [(numbered("max_pooling2d"), "MaxPooling2D", ())]
    for mixed, (timm, branches) in enumerate(_INCEPTION_BLOCKS):
        rows = _side_by_side(*[_inception_branch(numbered, timm, branch, mixed) for branch in branches])
        yield [*rows, (f"mixed{mixed}", "Concatenate", ())]


_THREE = ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3")
_FIVE = (("branch1x1",), ("branch5x5_1", "branch5x5_2"), _THREE, ("average", "branch_pool"))
_SEVEN = (
    ("branch1x1",),
    ("branch7x7_1", "branch7x7_2", "branch7x7_3"),
    tuple(f"branch7x7dbl_{number}" for number in range(1, 6)),
    ("average", "branch_pool"),
)
_WIDE = (
    ("branch1x1",),
    ("branch3x3_1", "branch3x3_2a|branch3x3_2b"),
    ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3a|branch3x3dbl_3b"),
    ("average", "branch_pool"),
)
# timm's block and its branches in Keras's order; a bar parts two convolutions of the same input that are put together.
_INCEPTION_BLOCKS: tuple[tuple[str, Sequence[Sequence[str]]], ...] = (
    *((f"Mixed_5{letter}", _FIVE) for letter in "bcd"),
    ("Mixed_6a", (("branch3x3",), _THREE, ("maximum",))),
    *((f"Mixed_6{letter}", _SEVEN) for letter in "bcde"),
    (
        "Mixed_7a",
        (("branch3x3_1", "branch3x3_2"), tuple(f"branch7x7x3_{number}" for number in range(1, 5)), ("maximum",)),
    ),
    *((f"Mixed_7{letter}", _WIDE) for letter in "bc"),
)


def _convolution(numbered: _Numbered, timm: str) -> Rows:
    """Convolution, norm and activation, three layers in Keras and one module in timm."""
    return [
        (numbered("conv2d"), "Conv2D", (f"{timm}.conv",)),
        (numbered("batch_normalization"), "BatchNormalization", (f"{timm}.bn",)),
        (numbered("activation"), "Activation", ()),
    ]


def _inception_branch(numbered: _Numbered, timm: str, steps: Sequence[str], mixed: int) -> Branch:
    """The branch whose steps are named; a fork ends in a merge of its own."""
    branch: Branch = []
    for step in steps:
        if step == "average":
            branch.append([(numbered("average_pooling2d"), "AveragePooling2D", ())])
        elif step == "maximum":
            branch.append([(numbered("max_pooling2d"), "MaxPooling2D", ())])
        else:
            sides = [_convolution(numbered, f"{timm}.{name}") for name in step.split("|")]
            branch += [list(row) for row in zip(*sides, strict=True)]
            if len(sides) > 1:
                # Keras names the merge of the simple branch itself and lets that of the double one be numbered.
                name = numbered("concatenate") if "dbl" in step else f"mixed9_{mixed - 9}"
                branch.append([(name, "Concatenate", ())])
    return branch
