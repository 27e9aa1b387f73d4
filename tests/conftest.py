import pytest
import torch

from lpgan_demo.mtgan import DiscriminatorConfig, MultiTaskDiscriminator, SRGenerator, SRGeneratorConfig
from lpgan_demo.weights import save_weights

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
