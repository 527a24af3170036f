"""Renders the report as one HTML page that contains its pictures, curves and styles."""

import base64
import html
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from retarget_tf.arrays import Uint8Array
from retarget_tf.footage.screening import curves
from retarget_tf.footage.screening.criteria import Criteria, Limit
from retarget_tf.footage.screening.looking import MEASURES
from retarget_tf.footage.screening.screener import Screening
from retarget_tf.footage.screening.style import STYLE
from retarget_tf.pictures import image_files

_STRIP = 1030, 150  # width and height in pixels
_QUALITY = 82
_TITLES = {
    "speed": ("Motion", "body heights a second"),
    "smear": ("Hands and feet", "edges in motion, % of the body"),
    "softness": ("Focus", "edges, % of the body"),
    "presence": ("Person", "% found"),
    "full_view": ("Full view", "% of head and feet seen"),
    "height": ("Size", "pixels of height"),
    "camera": ("Camera", "% of the picture a second"),
    "change": ("Background changes", "% of the background"),
    "busyness": ("Background texture", "% of it edges"),
    "company": ("Somebody else", "% of the person's height"),
}
_AS_NUMBER = ("speed", "height")


def render(done: Sequence[Screening], failed: Mapping[str, str], criteria: Criteria) -> str:
    """Renders the page.

    Args:
        done: The screened videos.
        failed: The errors of the other videos, by path.
        criteria: The limits that were used.
    """
    good = sum(screening.verdict.is_good for screening in done)
    seconds = sum(
        (stretch.end - stretch.first) / screening.looks.fps
        for screening in done
        for stretch in screening.verdict.good_stretches
    )
    rows = "".join(_row(number, screening) for number, screening in enumerate(done))
    cards = "".join(_card(number, screening, criteria) for number, screening in enumerate(done))
    failures = "".join(f"<li>{html.escape(why)}</li>" for why in failed.values())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Screened clips</title><style>{STYLE}</style></head><body><main>
<h1>Screened clips</h1>
<p class="lead">{good} of {len(done)} videos are good; {seconds:.1f} seconds lie in good stretches.</p>
{f'<section class="card"><h2>Could not be read</h2><ul>{failures}</ul></section>' if failures else ""}
<table class="overview"><thead><tr><th>video</th><th>verdict</th><th>score</th><th>good stretches</th>
<th>why not all</th></tr></thead><tbody>{rows}</tbody></table>
{cards}
<footer>Shaded: good stretches, in which every measure passes. Dashed: where a measure stops passing. Red: where it
fails. About ten looks a second; the score is that of the worst measure.</footer>
</main></body></html>
"""


def _row(number: int, screening: Screening) -> str:
    verdict = screening.verdict
    return (
        f'<tr><td><a href="#clip{number}">{_name(screening)}</a></td><td>{_badge(verdict.is_good)}</td>'
        f"<td>{verdict.score:.2f}</td><td class=wide>{curves.timeline(screening.looks, verdict, 12)}</td>"
        f"<td>{html.escape(', '.join(verdict.reasons))}</td></tr>"
    )


def _card(number: int, screening: Screening, criteria: Criteria) -> str:
    looks, verdict = screening.looks, screening.verdict
    charts = "".join(_chart(name, screening, criteria) for name in MEASURES)
    return f"""<section class="card" id="clip{number}">
<header><h2>{_name(screening)}</h2>{_badge(verdict.is_good)}<span class="score">{verdict.score:.2f}</span></header>
<p class="facts">{_facts(screening)}</p><p>{html.escape(_sentence(screening))}</p>
<div class="strip">{_strip(screening)}</div>{curves.timeline(looks, verdict, 16)}
<div class="axis"><span>0:00</span><span>{_clock(looks.frames / looks.fps)}</span></div>
<div class="charts">{charts}</div>{_stretches(screening)}</section>
"""


def _chart(name: str, screening: Screening, criteria: Criteria) -> str:
    limit = getattr(criteria, name)
    assert isinstance(limit, Limit)
    title, unit = _TITLES[name]
    values = screening.looks.values[name]
    known = values[~np.isnan(values)]
    scale = 1 if name in _AS_NUMBER else 100
    passes = "at least" if limit.good > limit.poor else "at most"
    usual = f"usually {np.median(known) * scale:.3g}" if known.size else "cannot be told"
    fails = bool((screening.verdict.scores[name] < criteria.passing).any())
    return (
        f'<figure class="{"fails" if fails else ""}"><figcaption><b>{title}</b> {unit}'
        f"<span>{usual}, {passes} {limit.at(criteria.passing) * scale:.3g}</span></figcaption>"
        f"{curves.chart(name, screening.looks, screening.verdict, limit, criteria.passing)}</figure>"
    )


def _strip(screening: Screening) -> str:
    """Renders pictures spread over the video, and marks those of good stretches."""
    pictures = list(screening.looks.thumbnails.items())
    wanted = int(_STRIP[0] / (_STRIP[1] * screening.info.width / screening.info.height + 4))
    chosen = np.unique(np.linspace(0, len(pictures) - 1, max(2, wanted)).round().astype(int))
    cells = []
    for frame, picture in (pictures[index] for index in chosen):
        is_good = any(part.first <= frame < part.end for part in screening.verdict.good_stretches)
        when = _clock(frame / screening.looks.fps)
        cells.append(
            f'<div class="{"good" if is_good else "poor"}"><img alt="frame {frame}" src="{_data_url(picture)}">'
            f"<small>{when}</small></div>"
        )
    return "".join(cells)


def _stretches(screening: Screening) -> str:
    rows = "".join(
        f"<tr><td>{_clock(part.first / screening.looks.fps)} to {_clock(part.end / screening.looks.fps)}</td>"
        f"<td>{part.first} to {part.end - 1}</td><td>{_badge(part.is_good)}</td><td>{part.score:.2f}</td>"
        f"<td>{html.escape(', '.join(part.reasons))}</td></tr>"
        for part in screening.verdict.stretches
    )
    count = len(screening.verdict.stretches)
    return (
        f"<details><summary>{count} stretch{'es' * (count != 1)}</summary><table><thead><tr><th>time</th>"
        f"<th>frames</th><th>verdict</th><th>score</th><th>why</th></tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _facts(screening: Screening) -> str:
    info, looks = screening.info, screening.looks
    people = "nobody" if not looks.people else "1 person" if looks.people == 1 else f"{looks.people} people"
    cuts = "no cuts" if not looks.cuts else "1 cut" if len(looks.cuts) == 1 else f"{len(looks.cuts)} cuts"
    seconds = looks.frames / looks.fps
    return (
        f"{info.width} x {info.height} px, {looks.fps:.4g} frames a second, {looks.frames} frames ({seconds:.1f} s), "
        f"{people}, {cuts}"
    )


def _sentence(screening: Screening) -> str:
    verdict = screening.verdict
    share = f"{verdict.good_share:.0%} of the frames lie in good stretches."
    return f"{share} Against it: {', '.join(verdict.reasons)}." if verdict.reasons else share


def _badge(is_good: bool) -> str:
    word = "good" if is_good else "poor"
    return f'<span class="badge {word}">{word}</span>'


def _name(screening: Screening) -> str:
    return html.escape(pathlib.Path(screening.path).name)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


def _data_url(picture: Uint8Array) -> str:
    encoded = image_files.encode_jpeg(picture, _QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(encoded).decode("ascii")
