import pytest

from lpgan_demo.images.diagrams import diagram

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture
def shown(monkeypatch):
    """The texts of every figure that is shown."""
    figures = []
    monkeypatch.setattr(plt, "show", lambda: figures.append([t.get_text() for t in plt.gcf().axes[0].texts]))
    yield figures
    plt.close("all")


def test_a_diagram_shows_every_box_and_the_words_at_its_arrows(shown):
    diagram({"a": (0, 0, "crop", "data"), "b": (1, 0, "network")}, [("a", "b", "64 features")])
    assert {"crop", "network", "64 features"} <= set(shown[0])


@pytest.mark.parametrize(
    ("boxes", "arrows", "words"),
    [
        ({"a": (0, 0, "crop")}, [("a", "b")], "no box 'b'"),
        ({"a": (0, 0, "crop", "cloud")}, [], "kind must be one of"),
    ],
)
def test_a_diagram_names_what_is_wrong(shown, boxes, arrows, words):
    with pytest.raises(ValueError, match=words):
        diagram(boxes, arrows)
    assert not shown
