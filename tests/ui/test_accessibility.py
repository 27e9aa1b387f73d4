"""What axe-core, which checks pages for people with disabilities, finds on each tab."""

import pytest
from visiting import EXAMPLES, open_tab

TABS = 6

IN_A_GRID = "virtual-table-viewport"
"""Part of Gradio's tables that scrolls but takes no focus: the grid around it takes it, and the keys."""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_serious_on_any_tab(page, address, dark, two_plates):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.goto(address + ("?__theme=dark" if dark else ""))
    page.wait_for_selector("#reading .plate-text", timeout=60_000)
    page.set_input_files("#source input[type=file]", two_plates)
    page.wait_for_selector("#take-away:not([disabled])", timeout=60_000)
    for number in range(TABS):
        open_tab(page, number)
        if number == 4:
            page.set_input_files("#compare-source input[type=file]", EXAMPLES / "tiny.png")
            page.wait_for_selector("#compare-sheet:not([disabled])", timeout=60_000)
        page.wait_for_timeout(700)
        found = axe.run(page).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        bad = [(v["id"], node["html"][:200]) for v in serious for node in v["nodes"] if IN_A_GRID not in node["html"]]
        assert not bad, f"tab {number}: {bad}"
