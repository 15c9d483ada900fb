"""Contact sheets of the inside of a net: filters, maps, what excites a channel, and what a prediction comes from."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from PIL import Image

from netspec.counting.field import Box
from netspec.insight.maximisation import Maximised
from netspec.ir.graph import Layer, Shape
from netspec.predict.intake import Intake
from netspec.train.draw.contact import Block, Scale, Sheet, Tile
from netspec.train.draw.shades import Numbers, Tiles, blue_red, grey, heat, image_tiles, signed
from netspec.train.use.looked import Attribution, Excited, falls, pixels

RAMP = np.linspace(0, 1, 256)
LARGE = 224
"""Pixels of a side that a prediction's pictures are enlarged to."""
OVERLAY = 0.5
"""Share of the image in a picture that lies over it."""
NOTHING = np.full((1, 1, 3), 255, np.uint8)


def filter_sheet(net: str, layer: Layer, filters: Numbers, most: int) -> Sheet:
    """The first `most` filters of a layer, (K, C, i, j), or (K, y, x, C, i, j) of `local`: a block each.

    A filter of one channel is grey, of three in colour; of others each channel is a grey tile. Of `local` each position
    is a tile, of more than three channels their mean.
    """
    channels, (height, width) = filters.shape[-3], filters.shape[-2:]
    blocks = [_filter_block(k, one, most) for k, one in enumerate(filters[:most])]
    notes = [capped(len(filters), most, "filter")]
    if filters.ndim == 6:
        notes.append(f"a tile is the filter of a position, of {filters.shape[1]} x {filters.shape[2]}")
        notes += [f"a tile is the mean over {channels} channels"] if channels not in (1, 3, 4) else []
    elif channels not in (1, 3):
        notes.append(f"a tile is a channel of the layer's input: {capped(channels, most, 'channel')}")
    tiles = max(len(block.tiles) for block in blocks)
    side = 48 if tiles == 1 else 24 if tiles <= 64 else 12
    scale = _signed_scale("each filter")
    return Sheet(
        f"{net}: filters of {layer.name}, {height} x {width}", _said(notes), tuple(blocks), (scale,), side=side
    )


def _filter_block(k: int, one: Numbers, most: int) -> Block:
    label, channels = str(k), one.shape[-3]
    if one.ndim == 5:
        tiles = signed(one.reshape(-1, *one.shape[2:]), together=True)
        return Block(label, tuple(tiles), one.shape[1])
    if channels in (1, 3):
        return Block(label, tuple(signed(one[None])))
    largest = float(np.abs(one).max()) or 1.0
    return Block(label, tuple(grey(one[:most], -largest, largest)), ceil(min(channels, most) ** 0.5))


def map_sheet(net: str, layer: Layer, maps: Numbers, image: str, most: int) -> Sheet:
    """Maps (K, y, x) of a layer for an image, all in one scale that has zero in it; of more than `most` those with the
    largest numbers."""
    low, high = min(0.0, float(maps.min())), max(0.0, float(maps.max()))
    peaks = maps.max(axis=(1, 2))
    kept = np.sort(np.argsort(-peaks, kind="stable")[:most])
    blocks = tuple(Block(str(k), (tile,)) for k, tile in zip(kept, grey(maps[kept], low, high), strict=True))
    scale = Scale("all maps", grey(RAMP, low=0, high=1), f"{low:.3g}", f"{high:.3g}")
    title = f"{net}: maps of {layer.name}, {maps.shape[1]} x {maps.shape[2]}"
    return Sheet(title, _said((f"of {image}", capped(len(maps), most, "map", "strongest"))), blocks, (scale,), side=64)


def excited_sheet(net: str, layer: Layer, part: str, found: Sequence[Excited], intake: Intake) -> Sheet:
    """What excites each channel most: nine crops, and the gradients of its units there, plain and guided."""
    blocks = [block for one in found for block in _excited_blocks(one, intake)]
    notes = (
        f"of {part} the nine images that excite a channel most, cropped to what its unit sees, the best first",
        f"beside them the gradients of that unit by these pixels, plain and guided; {_count_of(layer, len(found))}",
    )
    scale = _signed_scale("each gradient")
    return Sheet(f"{net}: what excites {layer.name}", notes, tuple(blocks), (scale,), together=3, side=64)


def _excited_blocks(one: Excited, intake: Intake) -> tuple[Block, Block, Block]:
    levels = intake.levels
    shown = image_tiles(pixels(one.images, intake), levels.black, levels.white)
    first, last = one.values[0], one.values[-1]
    return (
        Block(f"{one.channel}: {first:.3g} to {last:.3g}", _cropped(shown, one.crops), 3),
        Block(f"gradient of {one.channel}", _gradient_tiles(one.plain, one.crops), 3),
        Block(f"guided, {one.channel}", _gradient_tiles(one.guided, one.crops), 3),
    )


def _gradient_tiles(gradients: Numbers, crops: Sequence[Box | None]) -> tuple[Tile, ...]:
    return _cropped(signed(gradients), crops)


def _cropped(tiles: Tiles, crops: Sequence[Box | None]) -> tuple[Tile, ...]:
    """The tiles' crops; a white pixel where a unit sees nothing."""
    return tuple(
        NOTHING if box is None else tile[box.top : box.bottom, box.left : box.right]
        for tile, box in zip(tiles, crops, strict=True)
    )


def made_sheet(net: str, layer: Layer, made: Sequence[Maximised], how: str, intake: Intake) -> Sheet:
    """Images made to excite the first channels of a layer, and the channels' means in them; `how` they were made."""
    levels, resting = intake.levels, any(one.at_rest for one in made)
    tiles = image_tiles(pixels(np.stack([one.image for one in made]), intake), levels.black, levels.white)
    labels = (f"{k}: {'at rest' if one.at_rest else f'{one.values[-1]:.3g}'}" for k, one in enumerate(made))
    blocks = tuple(Block(label, (tile,)) for label, tile in zip(labels, tiles, strict=True))
    notes = (
        f"gradient ascent from noise, {how}; {_count_of(layer, len(made))}",
        "the number is the mean of the channel in its image",
        "at rest: no noise reached the channel, so there was no gradient to follow" if resting else "",
    )
    return Sheet(f"{net}: images made to excite {layer.name}", _said(notes), blocks, side=96)


def prediction_sheet(net: str, image: Numbers, told: str, found: Attribution, intake: Intake) -> Sheet:
    """An image (C, H, W) and where in it the value of a unit comes from."""
    levels = intake.levels
    (shown,) = image_tiles(pixels(image[None], intake), levels.black, levels.white)
    paper = np.repeat(shown.mean(axis=2, keepdims=True), 3, axis=2)
    most = float(found.saliency.max())
    blocks = [Block("image", (shown,)), Block("saliency", (heat(found.saliency, most),))]
    scales = [Scale("saliency, the gradient in magnitude", heat(RAMP, 1), "0", f"{most:.3g}")]
    if found.cam is not None and found.cam_layer is not None:
        high = float(found.cam.max())
        over = _over(paper, _enlarged(heat(found.cam, high), image.shape))
        blocks.append(Block(f"Grad-CAM of {found.cam_layer.name}", (over,)))
        scales.append(Scale("Grad-CAM", heat(RAMP, 1), "0", f"{high:.3g}"))
    if found.occlusion is not None:
        fallen = falls(found, image.shape)
        largest = float(np.abs(fallen).max())
        blocks.append(Block("occlusion", (_over(paper, blue_red(fallen, largest)),)))
        scales.append(Scale("fall where covered", blue_red(2 * RAMP - 1, 1), f"{-largest:.3g}", f"{largest:.3g}"))
    patch = " x ".join(map(str, found.patch))
    notes = (told, f"occlusion: how far the value falls where a patch of {patch} pixels covers the image")
    return Sheet(f"{net}: what a prediction comes from", notes, tuple(blocks), tuple(scales), side=LARGE)


def _enlarged(tile: Tiles, shape: Shape) -> Tiles:
    """A tile brought to the image's size, smoothly."""
    return np.asarray(Image.fromarray(tile).resize((shape[2], shape[1]), Image.Resampling.BILINEAR))


def _over(paper: Numbers, tile: Tiles) -> Tiles:
    return np.rint(OVERLAY * paper + (1 - OVERLAY) * tile).astype(np.uint8)


def _signed_scale(what: str) -> Scale:
    return Scale(f"{what}, in a scale of its own", grey(RAMP, 0, 1), "-largest", "+largest")


def capped(count: int, most: int, noun: str, which: str = "first") -> str:
    """How many of how many are shown; empty where all are."""
    return f"the {which} {most:,} of {count:,} {noun}s" if count > most else ""


def _count_of(layer: Layer, shown: int) -> str:
    return capped(layer.output.shape[0], shown, "channel") or f"all {shown:,} channels"


def _said(notes: Sequence[str]) -> tuple[str, ...]:
    return tuple(note for note in notes if note)
