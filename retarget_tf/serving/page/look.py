"""Colours and letters of the page, by day and by night; letters are those of the visitor's computer."""

import pathlib

import gradio as gr

_HERE = pathlib.Path(__file__).parent
STYLE, SCRIPT = _HERE / "page.css", _HERE / "page.js"
_LETTERS = (
    "ui-sans-serif",
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Helvetica Neue",
    "Arial",
    "sans-serif",
)
_FIXED = ("ui-monospace", "Menlo", "Consolas", "monospace")
# By name of the variable: by day, by night.
_COLOURS = {
    "body_background_fill": ("#faf7f2", "#171615"),
    "background_fill_primary": ("#ffffff", "#211f1d"),
    "background_fill_secondary": ("#f5f1ea", "#1c1a19"),
    "block_background_fill": ("#ffffff", "#211f1d"),
    "block_label_background_fill": ("#ffffff", "#211f1d"),
    "border_color_primary": ("#e6dfd3", "#3a3633"),
    "border_color_accent_subdued": ("#cdc2b0", "#57514b"),
    "body_text_color": ("#23201d", "#ece7e1"),
    "body_text_color_subdued": ("#675f56", "#aea69c"),
    "block_title_text_color": ("#23201d", "#ece7e1"),
    "block_label_text_color": ("#675f56", "#aea69c"),
    "block_info_text_color": ("#675f56", "#aea69c"),
    "link_text_color": ("#9a3412", "#f5a97f"),
    "link_text_color_hover": ("#c2410c", "#ffc4a3"),
    "input_background_fill": ("#ffffff", "#191817"),
    "input_border_color": ("#cdc2b0", "#57514b"),
    "color_accent_soft": ("#fbe9dd", "#3b2a20"),
    "button_primary_background_fill": ("#c2410c", "#c2410c"),
    "button_primary_background_fill_hover": ("#a3360a", "#d94f14"),
    "button_primary_text_color": ("#ffffff", "#ffffff"),
    "button_primary_text_color_hover": ("#ffffff", "#ffffff"),
    "button_secondary_background_fill": ("#f5f1ea", "#2c2927"),
    "button_secondary_background_fill_hover": ("#ece5d9", "#37332f"),
    "button_secondary_text_color": ("#23201d", "#ece7e1"),
    "checkbox_background_color_selected": ("#c2410c", "#c2410c"),
    "checkbox_border_color_selected": ("#c2410c", "#c2410c"),
    "checkbox_label_background_fill_selected": ("#fbe9dd", "#3b2a20"),
    "checkbox_label_text_color_selected": ("#23201d", "#ece7e1"),
}
# Beside those of Gradio's themes.
_OWN = {
    "--color-accent": ("#c2410c", "#f08a54"),
    "--well": ("#f5f1ea", "#191817"),
    "--accent-ink": ("#9a3412", "#f5a97f"),
    "--refusal-fill": ("#fdecea", "#3a1f1d"),
    "--refusal-ink": ("#a1211a", "#f5a59e"),
}


def theme() -> gr.Theme:
    """Returns the theme."""
    both = {name: day for name, (day, _) in _COLOURS.items()} | {f"{name}_dark": n for name, (_, n) in _COLOURS.items()}
    plain = {"block_border_width": "0px", "block_shadow": "none", "block_radius": "12px", "button_large_radius": "12px"}
    return gr.themes.Base(font=list(_LETTERS), font_mono=list(_FIXED)).set(**both, **plain)


def style() -> str:
    """Returns the style sheet."""
    day, night = (";".join(f"{name}:{pair[index]}" for name, pair in _OWN.items()) for index in (0, 1))
    return f":root{{{day}}}.dark{{{night}}}\n{STYLE.read_text(encoding='utf-8')}"


def head(most_mb: int) -> str:
    """Returns what stands in the head of the document: the script, which is told the size of the largest file."""
    return f"<script>{{const MOST_MB = {most_mb};\n{SCRIPT.read_text(encoding='utf-8')}}}</script>"
