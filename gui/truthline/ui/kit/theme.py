"""Colours, sizes and icons: one set of tokens, from which dark and light are made.

Greys are neutral so that photos keep their colour. Label colours are told apart also by people who see
fewer colours, and boxes are drawn with a dark and a light edge around them.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QBuffer, QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QImageReader, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QStyleFactory

from truthline.resources import resource

GRID = 8
TEXT = 13
SMALL = 11

# After Okabe and Ito, and Paul Tol: neighbours in this order differ in lightness as well as in hue.
LABEL_COLOURS = (
    "#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2", "#88CCEE",
    "#AA4499", "#DDCC77", "#44AA99", "#EE8866", "#99DDFF", "#BBCC33", "#882255", "#FFAABB",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tokens:
    """One appearance; every value is ``#rrggbb``."""

    dark: bool
    window: str
    """Behind panels."""
    panel: str
    """Lists, tables, fields."""
    raised: str
    """Buttons, chips, the dataset bar."""
    hover: str
    line: str
    text: str
    dim: str
    """Secondary text; at least 4.5:1 on window and panel."""
    accent: str
    on_accent: str
    canvas: str
    good: str
    warning: str
    error: str
    busy: str


DARK = Tokens(
    dark=True, window="#242424", panel="#1d1d1d", raised="#333333", hover="#3d3d3d", line="#3a3a3a",
    text="#e6e6e6", dim="#a6a6a6", accent="#4c9be8", on_accent="#0d1a26", canvas="#2e2e2e",
    good="#5fbf77", warning="#e3b341", error="#f0786c", busy="#6cb6f5",
)  # fmt: skip
LIGHT = Tokens(
    dark=False, window="#ececec", panel="#fafafa", raised="#dfdfdf", hover="#d4d4d4", line="#cccccc",
    text="#1c1c1c", dim="#5a5a5a", accent="#1b6ac9", on_accent="#ffffff", canvas="#c6c6c6",
    good="#1d7a38", warning="#8a5a00", error="#b3261e", busy="#1b6ac9",
)  # fmt: skip

_current = DARK


def tokens() -> Tokens:
    """The appearance in use."""
    return _current


def label_colour(index: int) -> QColor:
    """The colour of the label at ``index`` in the label panel; the sequence repeats."""
    return QColor(LABEL_COLOURS[index % len(LABEL_COLOURS)])


def system_prefers_dark() -> bool:
    """Whether the desktop asks for dark windows."""
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def apply_theme(application: QApplication, *, dark: bool) -> None:
    """Give the application its style, palette and font."""
    global _current  # noqa: PLW0603 - an application has one appearance at a time
    _current = DARK if dark else LIGHT
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(_palette(_current))
    font = QFont(application.font())
    font.setPixelSize(TEXT)
    application.setFont(font)
    application.setStyleSheet(_style_sheet(_current))
    icon.cache_clear()


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, value in {
        role.Window: t.window, role.WindowText: t.text, role.Base: t.panel, role.AlternateBase: t.window,
        role.Text: t.text, role.Button: t.raised, role.ButtonText: t.text, role.BrightText: t.error,
        role.Highlight: t.accent, role.HighlightedText: t.on_accent, role.ToolTipBase: t.raised,
        role.ToolTipText: t.text, role.PlaceholderText: t.dim, role.Link: t.accent,
        role.LinkVisited: t.accent,
        role.Light: t.hover, role.Midlight: t.raised, role.Mid: t.line,
        role.Dark: t.line, role.Shadow: "#000000",
        role.Accent: t.accent,
    }.items():  # fmt: skip
        palette.setColor(target, QColor(value))
    for target in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        faded = QColor(t.text)
        faded.setAlphaF(0.42)
        palette.setColor(QPalette.ColorGroup.Disabled, target, faded)
    return palette


def _style_sheet(t: Tokens) -> str:
    return f"""
    QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line}; padding: 4px 6px; }}
    QMainWindow::separator {{ background: {t.window}; width: 4px; height: 4px; }}
    QMainWindow::separator:hover {{ background: {t.accent}; }}
    QSplitter::handle {{ background: {t.window}; }}
    QToolBar {{ background: {t.window}; border: 0; spacing: 4px; padding: 4px 8px; }}
    QToolButton {{ border: 1px solid transparent; border-radius: 4px; padding: 4px 6px; }}
    QToolButton:hover {{ background: {t.hover}; }}
    QToolButton:checked {{ background: {t.raised}; border-color: {t.line}; }}
    QToolButton:focus {{ border-color: {t.accent}; }}
    QPushButton {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: 4px;
        padding: 5px 12px; }}
    QPushButton:hover {{ background: {t.hover}; }}
    QPushButton:focus {{ border-color: {t.accent}; }}
    QPushButton:disabled {{ color: {t.dim}; background: {t.window}; }}
    QPushButton[primary="true"] {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent};
        font-weight: 600; }}
    QPushButton[primary="true"]:focus {{ border-color: {t.text}; }}
    QPushButton[primary="true"]:disabled {{ background: {t.raised}; color: {t.dim}; border-color: {t.line}; }}
    QLineEdit, QComboBox, QSpinBox {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 4px;
        padding: 4px 6px; selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
    QLineEdit:focus, QComboBox:focus, QSpinBox:focus {{ border-color: {t.accent}; }}
    QComboBox::drop-down {{ border: 0; width: 20px; }}
    QComboBox::down-arrow {{ image: url("{resource("icons/chevron.svg").as_posix()}"); width: 12px;
        height: 12px; }}
    QAbstractItemView {{ background: {t.panel}; border: 0; outline: 0;
        selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
    * {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QTreeView {{ padding-left: 8px; }}
    QTreeView::item {{ min-height: 22px; }}
    QHeaderView::section {{ background: {t.window}; color: {t.dim}; border: 0; padding: 4px 8px; }}
    QDockWidget {{ titlebar-close-icon: none; }}
    QDockWidget::title {{ background: {t.window}; padding: 6px 8px; }}
    QTabBar::tab {{ background: transparent; color: {t.dim}; padding: 5px 12px; border: 0;
        border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabWidget::pane {{ border: 0; }}
    QMenuBar {{ background: {t.window}; padding: 2px 4px; }}
    QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
    QMenuBar::item:selected {{ background: {t.hover}; }}
    QMenu {{ background: {t.window}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 5px 28px 5px 24px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
    QMenu::item:disabled {{ color: {t.dim}; }}
    QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 8px; }}
    QProgressBar {{ background: {t.panel}; border: 0; border-radius: 3px; max-height: 6px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {t.hover}; border-radius: 4px; min-height: 28px; min-width: 28px;
        margin: 1px; }}
    QScrollBar::handle:hover {{ background: {t.dim}; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
        background: transparent; width: 0; height: 0; }}
    QLabel[dim="true"] {{ color: {t.dim}; }}
    QLabel[small="true"] {{ font-size: {SMALL}px; }}
    QLabel[heading="true"] {{ color: {t.dim}; font-size: {SMALL}px; font-weight: 600; }}
    """


def plain_tip(text: str) -> str:
    """A tool tip that shows ``text`` as it is: Qt takes a tip that looks like HTML for HTML."""
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>"


def shortened(text: str, most: int) -> str:
    """``text`` on one line, its middle left out if it is longer than ``most`` characters."""
    line = " ".join(text.split())
    kept = (most - 1) // 2
    return line if len(line) <= most else f"{line[:kept]}…{line[-kept:]}"


@lru_cache(maxsize=256)
def icon(name: str, colour: str = "") -> QIcon:
    """The icon ``resources/icons/NAME.svg``, drawn in the text colour or in ``colour``."""
    made = QIcon()
    svg = resource(f"icons/{name}.svg").read_text(encoding="utf-8")
    for mode, value in (
        (QIcon.Mode.Normal, colour or _current.text),
        (QIcon.Mode.Selected, _current.on_accent),
        (QIcon.Mode.Disabled, _current.dim),
    ):
        drawing = svg.replace("currentColor", value).encode()
        for size in (16, 20, 40):
            made.addPixmap(_drawn(drawing, size), mode)
    return made


def _drawn(svg: bytes, size: int) -> QPixmap:
    # By the image plug-in: importing QtSvg costs as much as the rest of the window's icons.
    data = QBuffer()
    data.setData(svg)
    reader = QImageReader(data, QByteArray(b"svg"))
    reader.setScaledSize(QSize(size, size))
    return QPixmap.fromImage(reader.read())


def readable_on(colour: QColor) -> QColor:
    """Black or white, whichever stands out more from ``colour`` (relative luminance, WCAG 2)."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in (colour.redF(), colour.greenF(), colour.blueF()))
    return QColor("#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff")
