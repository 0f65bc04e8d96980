"""No circle of imports anywhere, not even one that only type checkers see."""

from __future__ import annotations

import grimp


def test_no_import_closes_a_circle() -> None:
    """The contracts in pyproject.toml are about folders; this is about every module."""
    graph = grimp.build_graph("truthline")
    left = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    while free := {module for module, imported in left.items() if not imported & left.keys()}:
        left = {module: imported for module, imported in left.items() if module not in free}
    assert sorted(left) == [], "these import each other, or import some that do"
