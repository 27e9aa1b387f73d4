"""from_pretrained, save_pretrained and push_to_hub for every network, in huggingface_hub's conventions.

Loading is strict where huggingface_hub's own mixin is not: every tensor and every configuration key must fit.
"""

from __future__ import annotations

from pathlib import Path


class Pretrained:
    """What a network gains: to come from, and go to, a folder or a repository on the Hub."""

    @classmethod
    def from_pretrained(
        cls, source: str | Path, *, subfolder: str = "", device="cpu", revision=None, token=None, cache_dir=None
    ):
        """The network in evaluation mode.

        source: name of a bundled network (such as "mtgan-generator"), a folder that holds config.json and
        model.safetensors, or OWNER/NAME of a Hub repository with the network in `subfolder`. The rest as in
        `hub.weights_folder`. Raises WeightsError, also when the weights are another class's.
        """
        from .hub import BUNDLED, network_folder
        from .results import WeightsError
        from .weights import load_weights

        if not subfolder and not Path(source).is_dir() and (BUNDLED / source).is_dir():
            folder = BUNDLED / source
        else:
            folder = network_folder(source, subfolder, revision=revision, token=token, cache_dir=cache_dir)
        network = load_weights(folder, device)
        if not isinstance(network, cls):
            raise WeightsError(f"the weights in {folder} are of {type(network).__name__}, not of {cls.__name__}")
        return network

    def save_pretrained(self, folder: str | Path, **facts) -> Path:
        """Write config.json and model.safetensors into `folder`; facts (JSON values) are kept in config.json."""
        from .weights import save_weights

        return save_weights(self, folder, **facts)

    def push_to_hub(self, repo_id: str, *, subfolder: str = "", token=None, private: bool = False) -> str:
        """Upload the network into `subfolder` of a Hub repository, made if need be; returns the commit's address."""
        from .publish import push_network

        return push_network(self, repo_id, subfolder, token=token, private=private)
