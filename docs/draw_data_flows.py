"""Draws the pictures of architecture.md: `python docs/draw_data_flows.py` writes docs/training.svg and docs/dance.svg.

A picture is rows of boxes and arrows between them. A box has a kind, which gives its colour: what a user brings, data
in a file, code, and what comes out.
"""

import dataclasses
import html
import pathlib

KINDS = {  # fill, stroke
    "given": ("#fff4d6", "#c9962c"),
    "data": ("#e6f0fb", "#4a7fb5"),
    "code": ("#f1eef9", "#7a67b3"),
    "result": ("#e3f5e6", "#3f9450"),
}
LEGEND = {"given": "you bring it", "data": "data", "code": "code", "result": "comes out"}
INK, QUIET = "#24292f", "#57606a"
FONT = "-apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"


@dataclasses.dataclass(frozen=True)
class Box:
    """A named box: centre, size, first line in bold, further lines small."""

    x: float
    y: float
    kind: str
    lines: tuple[str, ...]
    width: float = 150
    height: float = 76

    def edge(self, side: str) -> tuple[float, float]:
        """The middle of a side: left, right, top or bottom."""
        half_width, half_height = self.width / 2, self.height / 2
        shift = {
            "left": (-half_width, 0),
            "right": (half_width, 0),
            "top": (0, -half_height),
            "bottom": (0, half_height),
        }[side]
        return self.x + shift[0], self.y + shift[1]

    def svg(self) -> str:
        """The box as SVG."""
        fill, stroke = KINDS[self.kind]
        left, top = self.x - self.width / 2, self.y - self.height / 2
        parts = [
            f'<rect x="{left}" y="{top}" width="{self.width}" height="{self.height}" rx="9" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="1.6"/>'
        ]
        first = self.y - (len(self.lines) - 1) * 8 + 4.5
        for index, line in enumerate(self.lines):
            style = (
                f'font-size="14" font-weight="600" fill="{INK}"' if index == 0 else f'font-size="11.5" fill="{QUIET}"'
            )
            parts.append(text(self.x, first + index * 16, line, style))
        return "\n".join(parts)


def text(x: float, y: float, words: str, style: str, anchor: str = "middle") -> str:
    """One line of text; `y` is its base line."""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {style}>{html.escape(words)}</text>'


def arrow(
    points: list[tuple[float, float]], words: str = "", at: tuple[float, float] | None = None, dash: bool = False
) -> str:
    """An arrow through the points, with words beside it."""
    path = "M" + " L".join(f"{x} {y}" for x, y in points)
    dashes = ' stroke-dasharray="5 4"' if dash else ""
    drawn = f'<path d="{path}" fill="none" stroke="{QUIET}" stroke-width="1.8" marker-end="url(#head)"{dashes}/>'
    if not words:
        return drawn
    x, y = at or ((points[0][0] + points[-1][0]) / 2, (points[0][1] + points[-1][1]) / 2 - 7)
    return drawn + "\n" + text(x, y, words, f'font-size="11.5" fill="{QUIET}"')


def across(first: Box, second: Box, words: str = "") -> str:
    """An arrow from a box to the one on its right."""
    return arrow([first.edge("right"), second.edge("left")], words)


def page(width: int, height: int, title: str, parts: list[str]) -> str:
    """The whole file: white ground (also under a dark theme), a title, and the legend."""
    legend = []
    x = width - 20 - 112 * len(LEGEND)
    for kind, words in LEGEND.items():
        fill, stroke = KINDS[kind]
        legend.append(f'<rect x="{x}" y="19" width="14" height="14" rx="3" fill="{fill}" stroke="{stroke}"/>')
        legend.append(text(x + 20, 31, words, f'font-size="12" fill="{QUIET}"', "start"))
        x += 124 if kind == "given" else 108
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{FONT}">',
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="{QUIET}"/></marker></defs>',
            f'<rect width="{width}" height="{height}" rx="12" fill="#ffffff"/>',
            text(24, 33, title, f'font-size="17" font-weight="700" fill="{INK}"', "start"),
            *legend,
            *parts,
            "</svg>\n",
        ]
    )


def training() -> str:
    """From videos to a workdir."""
    videos = Box(100, 110, "given", ("videos", "one person each"))
    files = Box(100, 210, "given", ("files of others", "OpenPose, LIP, CIHP ..."))
    dancers = Box(100, 310, "code", ("dancers", "procedural people"))
    clips = Box(355, 210, "data", ("clip folders", "frames, maps,", "25 keypoints"))
    records = Box(560, 210, "data", ("records", "TFRecord segments,", "split by person"))
    batches = Box(765, 210, "data", ("batches", "stable: streams", "paper: pairs of frames"))
    networks = Box(765, 352, "code", ("networks", "stable: generator", "paper: and discriminator"), width=166)
    workdir = Box(560, 352, "result", ("workdir", "generator.keras, .json,", "checkpoints, history"))
    scores = Box(355, 352, "result", ("evaluation", "rollout scores, figures"))
    parts = [
        arrow(
            [videos.edge("right"), (230, 110), (230, 192), (clips.edge("left")[0], 192)], "extract-clips", (226, 103)
        ),
        arrow([files.edge("right"), clips.edge("left")], "import-clips", (227, 226)),
        arrow(
            [dancers.edge("right"), (230, 310), (230, 238), (clips.edge("left")[0], 238)], "make-dancers", (221, 327)
        ),
        across(clips, records),
        text((clips.x + records.x) / 2, 162, "build-records", f'font-size="11.5" fill="{QUIET}"'),
        across(records, batches),
        text((records.x + batches.x) / 2, 162, "tf.data, augmentation", f'font-size="11.5" fill="{QUIET}"'),
        arrow([batches.edge("bottom"), networks.edge("top")], "train", (743, 286)),
        arrow([networks.edge("left"), workdir.edge("right")]),
        arrow([workdir.edge("left"), scores.edge("right")]),
        text((workdir.x + scores.x) / 2 + 2, 406, "evaluate", f'font-size="11.5" fill="{QUIET}"'),
        # each slot of a batch is fed its own last map
        arrow(
            [(networks.x + 83, 366), (888, 366), (888, 210), (batches.edge("right")[0], 210)],
            dash=True,
        ),
        text(894, 292, "stable: the map", f'font-size="11.5" fill="{QUIET}"', "start"),
        text(894, 307, "just generated", f'font-size="11.5" fill="{QUIET}"', "start"),
        text(894, 322, "comes back", f'font-size="11.5" fill="{QUIET}"', "start"),
    ]
    boxes = [videos, files, dancers, clips, records, batches, networks, workdir, scores]
    return page(1000, 424, "Training: from videos to a generator", parts + [box.svg() for box in boxes])


def dance() -> str:
    """From a photo and a video to a dance."""
    photo = Box(92, 112, "given", ("photo", "of the target"), width=130)
    seen = Box(282, 112, "data", ("keypoints and map", "MediaPipe, a file, or", "parsed by the network"), width=164)
    canvas = Box(500, 112, "data", ("canvas", "the person as large as", "in the training crops"), width=164)
    video = Box(92, 252, "given", ("video", "of the source"), width=130)
    points = Box(282, 252, "data", ("keypoints", "of every frame, cleaned:", "swaps, gaps, noise"), width=164)
    path = Box(500, 252, "data", ("placed path", "limb by limb in the", "target's proportions"), width=164)
    rollout = Box(
        722, 182, "code", ("rollout", "for each pose:", "reference + last map + pose", "-> next map"), 186, 96
    )
    maps = Box(914, 182, "data", ("maps", "class ids,", "one a frame"), width=118)
    panel = Box(914, 332, "result", ("video", "target, source,", "pose, map"), width=118)
    files = Box(722, 332, "result", ("PNG files", "--maps_dir"), width=118)
    parts = [
        across(photo, seen),
        across(seen, canvas),
        across(video, points),
        across(points, path),
        arrow([canvas.edge("right"), (604, 112), (604, 164), (rollout.edge("left")[0], 164)]),
        text(612, 106, "photo, its pose and map", f'font-size="11.5" fill="{QUIET}"', "start"),
        arrow([path.edge("right"), (604, 252), (604, 202), (rollout.edge("left")[0], 202)]),
        text(612, 262, "one pose a frame", f'font-size="11.5" fill="{QUIET}"', "start"),
        arrow([canvas.edge("bottom"), path.edge("top")], "bone lengths", (544, 186)),
        across(rollout, maps),
        arrow([(maps.x, 144), (maps.x, 82), (780, 82), (780, 134)], "the last map comes back", (848, 75), dash=True),
        arrow([maps.edge("bottom"), panel.edge("top")]),
        arrow([(880, 220), (880, 276), (722, 276), files.edge("top")]),
        arrow(
            [video.edge("bottom"), (92, 392), (914, 392), panel.edge("bottom")], "frames, in a second pass", (400, 385)
        ),
    ]
    boxes = [photo, seen, canvas, video, points, path, rollout, maps, panel, files]
    return page(1000, 412, "One photo becomes a dance", parts + [box.svg() for box in boxes])


if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent
    for name, drawn in (("training", training()), ("dance", dance())):
        (folder / f"{name}.svg").write_text(drawn, encoding="utf-8")
