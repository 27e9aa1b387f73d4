import shutil

import pytest
import torch
from PIL import Image
from visiting import scene

from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.mtgan import DiscriminatorConfig, MultiTaskDiscriminator, SRGenerator, SRGeneratorConfig

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

torch.set_num_threads(1)  # small networks: more threads only wait for each other


@pytest.fixture(scope="session")
def small_networks():
    """An untrained GN and DN, small enough for a test."""
    torch.manual_seed(0)
    generator = SRGenerator(
        SRGeneratorConfig(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=12)
    )
    return generator, MultiTaskDiscriminator(DiscriminatorConfig(features=(4,) * 8, code_size=6))


@pytest.fixture
def small_weights(small_networks, tmp_path):
    """The folder of both, saved as published weights are."""
    for name, network in zip(("mtgan-generator", "mtgan-discriminator"), small_networks):
        save_weights(network, tmp_path / "weights" / name)
    return tmp_path / "weights"


@pytest.fixture(scope="session")
def address():
    """Where the page is served."""
    from lpgan_demo import ui

    page = ui.build()
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, inbrowser=False, **ui.serving())
    ui.warm_up()
    yield url
    page.close()


@pytest.fixture(scope="module")
def browser():
    """A real one: Debian's or any other Chromium, driven by Playwright."""
    if BROWSER is None:
        pytest.skip("no Chromium on this machine: install the package 'chromium' to test the page")
    playwright_api = pytest.importorskip("playwright.sync_api")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(request, browser, address):
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address)
    page.wait_for_selector("#source input[type=file]", state="attached", timeout=60_000)
    page.wait_for_selector("#reading .plate-text", timeout=60_000)  # the first example
    yield page
    page.close()


@pytest.fixture(scope="session")
def client(address):
    return pytest.importorskip("gradio_client").Client(address, verbose=False)


@pytest.fixture
def two_plates(tmp_path):
    path = tmp_path / "street.png"
    plates = (("苏B24680", "cn_blue", (80, 330)), ("粤C13579", "cn_yellow", (420, 360)))
    Image.fromarray(scene(plates)).save(path)
    return path
